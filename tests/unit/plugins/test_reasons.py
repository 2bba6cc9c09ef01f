"""What a person decides has a reason: a few blanks are none, on whichever form."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from idh_airflow.ui.app import pages
from idh_airflow.ui.parameters import Reason

app = FastAPI()


@app.post("/")
def decide(reason: Reason) -> str:
    """Return the reason as a page would keep it."""
    return reason


def sent(reason: str) -> tuple[int, object]:
    answer = TestClient(app).post("/", data={"reason": reason})
    return answer.status_code, answer.json()


@pytest.mark.parametrize("reason", ["", "   ", "\t\n\N{NO-BREAK SPACE} ", " a ", "seen\x00", "x" * 501])
def test_what_says_nothing_or_cannot_be_kept_is_refused(reason: str) -> None:
    status, _ = sent(reason)
    assert status == 422


def test_a_reason_is_kept_without_the_blanks_around_it() -> None:
    assert sent("  moved while scanned ") == (200, "moved while scanned")


def test_every_form_that_asks_why_takes_such_a_reason() -> None:
    asking = {
        route.path: field
        for route in pages.routes
        if isinstance(route, APIRoute)
        for field in route.dependant.body_params
        if field.name == "reason"
    }
    assert len(asking) == 8
    assert "/models/rollback" in asking
    assert [path for path, field in asking.items() if not field.validate("   ", loc=("body",))[1]] == []

"""The platform's errors become failure, skip or retry; the text of an unknown error is never passed on."""

from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from idh_airflow import steps
from idh_airflow.steps import FAULT, outcomes, skip_unless

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError


def raising(error: Exception) -> Callable[[], None]:
    @outcomes
    def body() -> None:
        raise error

    return body


def test_a_transient_error_is_retried() -> None:
    with pytest.raises(AirflowException, match="E_PACS") as caught:
        raising(TransientError(Code.E_PACS, "away"))()
    assert not isinstance(caught.value, AirflowFailException)


def test_a_refusal_fails_without_a_retry() -> None:
    with pytest.raises(AirflowFailException, match="E_KEY"):
        raising(RunRefusedError(Code.E_KEY, "missing"))()


def test_h03_an_unknown_error_tells_its_type_and_place_only() -> None:
    with pytest.raises(AirflowException, match=r"E_UNEXPECTED: ValueError at test_steps\.py:\d+") as caught:
        raising(ValueError("Zebedee^Marker born 19600102"))()
    assert "Zebedee" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_skip_stays_a_skip() -> None:
    with pytest.raises(AirflowSkipException, match="nothing new"):
        outcomes(lambda: skip_unless([], "nothing new"))()


def test_a_failed_task_keeps_code_and_reason_for_the_page_of_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, object] = {}

    class Running:
        def xcom_push(self, key: str, value: object) -> None:
            kept[key] = value

    monkeypatch.setattr(steps, "get_current_context", lambda: {"ti": Running()})
    with pytest.raises(AirflowFailException, match="E_KEY"):
        raising(RunRefusedError(Code.E_KEY, "missing"))()
    assert kept == {FAULT: {"code": "E_KEY", "reason": "missing"}}
    with pytest.raises(AirflowException, match="E_UNEXPECTED"):
        raising(ValueError("Zebedee^Marker born 19600102"))()
    assert "Zebedee" not in str(kept)


@pytest.mark.parametrize("work", [{"ADC": None}, {"studies": 0, "reports": 1}, ["one"], "run"])
def test_whatever_there_is_to_do_is_done(work: object) -> None:
    assert skip_unless(work, "nothing new") is work


@pytest.mark.parametrize("work", [None, 0, "", [], {}, {"studies": 0}])
def test_nothing_to_do_is_skipped_with_the_reason(work: object) -> None:
    with pytest.raises(AirflowSkipException, match="nothing new"):
        skip_unless(work, "nothing new")

"""What the form of a backfill orders, and when it only counts."""

from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from idh_tasks.db.backfills import Order
from idh_tasks.errors import SettingsRefusedError
from idh_tasks.pipelines.ingest import backfill, backfill_plan, backfill_steps
from idh_tasks.pipelines.ingest.backfill import Evening, Stop
from idh_tasks.pipelines.ingest.backfill_plan import Plan
from idh_tasks.pipelines.platform import Platform

PLATFORM = cast("Platform", None)
FORM: dict[str, Any] = {
    "since": "2016-01-01", "until": "2025-12-31", "source": "pacs", "slice_days": 31, "priority": 1, "dry_run": True,
}  # fmt: skip
TEN_YEARS = Order("pacs", date(2016, 1, 1), date(2025, 12, 31), 31, 1)


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Return the orders that are kept."""
    kept: list[Order] = []
    monkeypatch.setattr(backfill_plan, "plan", lambda *_: Plan(slices=118, listed=7))
    monkeypatch.setattr(backfill, "order_backfill", lambda _, order: kept.append(order))
    return kept


def test_a_dry_run_counts_and_orders_nothing(ordered: list[Order]) -> None:
    counted = backfill_steps.plan(PLATFORM, FORM)
    assert counted["sentence"].startswith("118 slices, 7 studies listed")
    assert (counted["ordered"], ordered) == (False, [])


def test_without_dry_run_it_counts_first_and_keeps_the_order(ordered: list[Order]) -> None:
    assert backfill_steps.plan(PLATFORM, FORM | {"dry_run": False})["ordered"] is True
    assert ordered == [TEN_YEARS]


def test_a_run_without_dates_goes_on_with_what_is_not_finished(ordered: list[Order]) -> None:
    assert backfill_steps.plan(PLATFORM, FORM | {"since": None, "until": None})["ordered"] is True
    assert ordered == []


@pytest.mark.parametrize("dates", [{"since": None}, {"until": None}, {"since": "2026-01-01"}])
def test_dates_that_are_no_period_are_refused(dates: dict[str, Any]) -> None:
    with pytest.raises(SettingsRefusedError, match="a first and a last study date"):
        backfill_steps.order_of(FORM | dates)


def test_a_night_that_is_due_comes_before_every_other_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons: list[str | None] = []

    def proceed(_: Platform, stop: Stop) -> Evening:
        reasons.append(stop(datetime(2026, 1, 1, 22, tzinfo=UTC)))
        return Evening(3, 1, 8, "the night is due")

    monkeypatch.setattr(backfill, "proceed", proceed)
    evening = backfill_steps.proceed(PLATFORM, lambda _: True)
    assert reasons == ["the night is due"]
    assert evening is not None
    assert evening["sentence"] == (
        "3 studies fetched, 1 failed and are tried again; 8 slices are left; the night is due."
    )

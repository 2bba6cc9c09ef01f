"""The steps of the DAG `backfill_studies`: what its form asks for, counted and then fetched."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypedDict

from idh_tasks.codes import Code
from idh_tasks.db.backfills import Order
from idh_tasks.errors import SettingsRefusedError
from idh_tasks.pipelines.ingest import backfill, backfill_plan
from idh_tasks.pipelines.platform import Platform


class PlanCounts(TypedDict):
    """The plan in words, and whether a backfill may go on; both without any identifier."""

    sentence: str
    ordered: bool


class EveningCounts(TypedDict):
    """What an evening did, with its sentence."""

    studies: int
    failed: int
    slices_left: int
    sentence: str


def order_of(form: Mapping[str, Any]) -> Order | None:
    """Return what a form orders, or None if it orders nothing.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if only one of the dates is given, or they are in the wrong order.
    """
    since, until = (date.fromisoformat(form[name]) if form[name] else None for name in ("since", "until"))
    if since is None and until is None:
        return None
    if since is None or until is None or since > until:
        raise SettingsRefusedError(Code.E_SETTINGS, "a backfill needs a first and a last study date, in this order")
    return Order(form["source"], since, until, form["slice_days"], form["priority"])


def plan(platform: Platform, form: Mapping[str, Any]) -> PlanCounts:
    """Count what a form orders, and keep the order unless it is a dry run.

    Raises
    ------
    SettingsRefusedError
        As `order_of`.
    RunRefusedError
        As `backfill.order_backfill`.
    TransientError
        As the archive's listing.
    """
    order = order_of(form)
    if order is None:
        return PlanCounts(sentence="No dates are given: it goes on with what is not finished.", ordered=True)
    counted = backfill_plan.plan(platform, order)
    if not form["dry_run"]:
        backfill.order_backfill(platform, order)
    return PlanCounts(sentence=counted.sentence, ordered=not form["dry_run"])


def proceed(platform: Platform, night_is_due: Callable[[datetime], bool]) -> EveningCounts | None:
    """Go on with the backfill that is not finished; return None if there is none.

    Raises
    ------
    RunRefusedError
        As `backfill.proceed`.
    TransientError
        As `backfill.proceed`.
    """

    def stop(now: datetime) -> str | None:
        return "the night is due" if night_is_due(now) else backfill.pause(platform)

    evening = backfill.proceed(platform, stop)
    if evening is None:
        return None
    return EveningCounts(
        studies=evening.studies, failed=evening.failed, slices_left=evening.slices_left, sentence=evening.sentence
    )

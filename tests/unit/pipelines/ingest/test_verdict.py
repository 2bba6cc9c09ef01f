"""Few failures are tolerated and named; more are red; nothing is green in silence."""

import pytest

from idh_tasks.codes import Code
from idh_tasks.db.inbox import FailedCount
from idh_tasks.db.nights import NightBalance
from idh_tasks.pipelines.ingest.verdict import SourceEnd, night_end


def end(
    new: int, failed: int = 0, *, repeated: int = 0, waiting: int = 0, tolerance: float = 0.01, incomplete: str = ""
) -> SourceEnd:
    """Return the end of a night of the PACS with so many new studies and failures, of which some are not the first."""
    counts = (FailedCount("pacs", "E_DECODE", failed, repeated),) if failed else ()
    balance = NightBalance("pacs", new + failed + waiting, new, 0, 0, failed + waiting, 0)
    return SourceEnd(balance, new + failed, counts, waiting, tolerance, incomplete)


def test_one_failure_in_ten_thousand_is_tolerated_and_named_with_its_code() -> None:
    night = night_end([end(9999, 1)], {})
    assert (night["studies"], night["refused"]) == (9999, "")
    assert night["warning"] == "pacs: 1 without an outcome (1 E_DECODE), 10000 tried"
    assert end(9999, 1).flag is Code.W_TOLERATED


@pytest.mark.parametrize(("new", "failed"), [(98, 2), (2, 1), (0, 1)])
def test_more_failures_than_the_tolerance_are_red_and_what_succeeded_is_counted(new: int, failed: int) -> None:
    night = night_end([end(new, failed)], {})
    assert (night["studies"], night["refused"], night["warning"]) == (new, "E_RECONCILE", "")
    assert f"{failed} without an outcome" in night["reason"]


def test_without_a_tolerance_every_first_failure_is_red() -> None:
    assert night_end([end(9999, 1, tolerance=0)], {})["refused"] == "E_RECONCILE"


def test_what_fails_again_was_judged_in_its_first_night_and_stays_named() -> None:
    night = night_end([end(0, 3, repeated=3)], {})
    assert night["refused"] == ""
    assert night["warning"] == "pacs: 3 without an outcome (3 E_DECODE), 3 tried; 3 of them failed before"


def test_what_waits_for_a_later_night_stays_named() -> None:
    night = night_end([end(5, waiting=2)], {})
    assert night["warning"] == "pacs: 2 without an outcome (2 waiting for a later night), 5 tried"


def test_what_was_not_reached_has_no_code() -> None:
    killed = SourceEnd(NightBalance("bucket", 1, 0, 0, 0, 1, 0), 1, (FailedCount("bucket", "", 1, 0),))
    assert night_end([killed], {})["reason"] == "bucket: 1 without an outcome (1 not reached), 1 tried"


def test_one_source_cannot_hide_behind_another() -> None:
    bucket = SourceEnd(NightBalance("bucket", 2, 1, 0, 0, 1, 0), 2, (FailedCount("bucket", "E_DECODE", 1, 0),), 0, 0.01)
    assert night_end([end(9999), bucket], {})["refused"] == "E_RECONCILE"


def test_a_source_that_was_not_listed_or_only_in_part_is_red() -> None:
    assert (
        "dicomweb could not be listed (E_DICOMWEB: away)" in night_end([], {"dicomweb": "E_DICOMWEB: away"})["reason"]
    )
    partly = end(5, incomplete="E_QUERY_TRUNCATED: one minute of 2026-03-01")
    assert partly.flag is Code.E_QUERY_TRUNCATED
    assert night_end([partly], {})["reason"] == "pacs: E_QUERY_TRUNCATED: one minute of 2026-03-01"


def test_a_night_without_a_failure_is_in_order() -> None:
    assert end(5).flag is None
    assert night_end([end(5)], {}) == {"studies": 5, "warning": "", "refused": "", "reason": ""}

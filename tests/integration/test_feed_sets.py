"""A load of any size is stored as a whole, and its result does not depend on how its rows are passed."""

from typing import Any

import pytest

from idh_tasks.db import row_sets
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.errors import TransientError
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.integration.test_feed import breaking_insert, many
from tests.integration.test_link import report

__all__ = ["breaking_insert"]

TABLES = {
    "idh.report": "received_at, made_by",
    "idh.assay": "",
    "idh.report_channel": "arrived_at",
    "idh.patient": "created_at",
    "phi.patient_identity": "",
    "phi.report_source": "",
    "idh.report_standing": "",
}
"""What a load writes, and the columns of each that say when."""
SMALL = 300
"""Characters of an array: about one report."""


def rows(count: int) -> list[dict[str, Any]]:
    """Return reports, among them another version of one, and one patient under two spellings."""
    again = report("r1", patient_id="p1", version=2)
    spelled = [*report("s1", patient_id="P 7"), *report("s2", patient_id="p 7")]
    return [*many(count), *again, *spelled]


def stored(platform: Platform) -> dict[str, list[str]]:
    """Return the rows of all tables that a load writes, without their times."""
    return {table: _rows(platform, table, left_out) for table, left_out in TABLES.items()}


def _rows(platform: Platform, table: str, left_out: str) -> list[str]:
    names = [name.strip() for name in left_out.split(",")]
    statement = f"SELECT (to_jsonb(t) - CAST(:names AS text[]))::text AS row FROM {table} AS t ORDER BY row"
    return [row for (row,) in run_sql(platform, statement, names=names)]


def test_the_result_does_not_depend_on_the_size_of_the_arrays(
    platform: Platform, laboratory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_stand_in(laboratory, rows(40))
    assert feed.load_reports(platform) == 43
    whole = stored(platform)
    run_sql(platform, f"TRUNCATE {', '.join(TABLES)}, idh.watermark CASCADE")
    monkeypatch.setattr(row_sets, "LARGEST", SMALL)
    assert feed.load_reports(platform) == 43
    assert stored(platform) == whole
    assert feed.load_reports(platform) == 0


@pytest.mark.usefixtures("breaking_insert")
def test_a_load_in_several_arrays_that_breaks_stores_nothing(
    platform: Platform, laboratory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_sets, "LARGEST", SMALL)
    fill_stand_in(laboratory, rows(40))
    with pytest.raises(TransientError):
        feed.load_reports(platform)
    assert {table: len(found) for table, found in stored(platform).items()} == dict.fromkeys(TABLES, 0)

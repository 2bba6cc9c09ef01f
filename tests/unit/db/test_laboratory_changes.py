"""Of a view that states when its rows changed, whole reports are read, and no time of change can hide one."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.db import laboratory
from idh_tasks.db.laboratory import COLUMNS, Laboratory, LaboratoryRows
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.db.laboratory_values import moment_of, plain_row, plain_value
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.rows import read_rows

NOW = datetime(2020, 6, 1, 3, tzinfo=UTC)
SINCE = datetime(2020, 5, 31, tzinfo=UTC)
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2019, 2021))
OLD, RECENT, FUTURE = "2019-01-01 10:00:00", "2020-05-31 20:00:00", "2099-12-31 00:00:00"


def view(folder: Path, *rows: tuple[Any, Any, Any]) -> Laboratory:
    """Return a view of rows (report_id, method, changed) in SQLite."""
    columns = [*COLUMNS, "changed"]
    with sqlite3.connect(folder / "lis.db") as lis:
        lis.execute(f"CREATE TABLE idh_results ({', '.join(columns)})")
        for report_id, method, changed in rows:
            given = {
                "report_id": report_id, "version": 1, "issuer": "H", "patient_id": "p", "birth_date": "1958-01-01",
                "sex": "F", "report_status": "final", "method": method, "result": "negative", "changed": changed,
            }  # fmt: skip
            lis.execute(
                f"INSERT INTO idh_results VALUES ({', '.join('?' * len(columns))})",
                [given.get(name) for name in columns],
            )
    return Laboratory(f"sqlite:///{folder / 'lis.db'}", LaboratoryMapping(changed="changed"))


def assays(read: LaboratoryRows) -> set[tuple[object, object]]:
    return {(row["report_id"], row["method"]) for row in read.rows}


def test_all_rows_of_a_report_are_read_if_one_of_them_changed(tmp_path: Path) -> None:
    read = view(tmp_path, ("r1", "IDH1", OLD), ("r1", "IDH2", RECENT), ("r2", "IDH1", OLD)).read(SINCE, NOW)
    assert assays(read) == {("r1", "IDH1"), ("r1", "IDH2")}
    assert read.latest_change == datetime(2020, 5, 31, 20, tzinfo=UTC)


@pytest.mark.parametrize("changed", [None, "", "0000-00-00 00:00:00", "31.05.2020", "yesterday", "1900-01-01", 7])
def test_a_row_whose_time_of_change_is_not_known_is_always_read(tmp_path: Path, changed: object) -> None:
    read = view(tmp_path, ("r1", "IDH1", changed), ("r2", "IDH1", RECENT)).read(SINCE, NOW)
    assert assays(read) == {("r1", "IDH1"), ("r2", "IDH1")}


def test_a_change_in_the_future_is_counted_and_does_not_end_the_feed(tmp_path: Path) -> None:
    read = view(tmp_path, ("r1", "IDH1", FUTURE), ("r2", "IDH1", RECENT)).read(SINCE, NOW)
    assert (len(read.rows), read.in_future) == (2, 1)
    assert read.latest_change is not None
    assert read.latest_change < NOW


def test_the_clock_of_another_time_zone_is_not_the_future(tmp_path: Path) -> None:
    read = view(tmp_path, ("r1", "IDH1", "2020-06-01 13:00:00")).read(SINCE, NOW)
    assert (read.latest_change, read.in_future) == (NOW, 0)


def test_a_report_with_bytes_that_are_no_utf8_is_rejected_as_a_whole(tmp_path: Path) -> None:
    read = view(tmp_path, ("r1", "IDH1", RECENT), ("r1", b"F\xe4rbung", RECENT), ("r2", "IDH1", OLD)).read(None, NOW)
    assert assays(read) == {("r2", "IDH1")}
    assert [(rejected.column, rejected.report_id) for rejected in read.rejected] == [("method", "r1")]


def test_more_reports_than_fit_one_list_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "MOST_IDS", 2)
    read = view(tmp_path, *((f"r{n}", "IDH1", RECENT) for n in range(5)), (None, "IDH1", RECENT)).read(SINCE, NOW)
    assert len(read.rows) == 6


def test_a_missing_column_with_the_time_of_change_is_named(tmp_path: Path) -> None:
    view(tmp_path, ("r1", "IDH1", OLD))
    renamed = Laboratory(f"sqlite:///{tmp_path / 'lis.db'}", LaboratoryMapping(changed="geaendert"))
    with pytest.raises(RunRefusedError, match=r"E_SCHEMA.*geaendert"):
        renamed.read(SINCE, NOW)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.datetimes(EARLIEST, LATEST))))
def test_no_night_misses_a_report(rows: list[tuple[str, datetime | None]]) -> None:
    """A report is left out only if all its rows changed before the overlap."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        named = [(report, f"m{n}", changed and f"{changed}") for n, (report, changed) in enumerate(rows)]
        read = view(Path(folder), *named).read(SINCE, NOW)
    limit = (SINCE - laboratory.OVERLAP).replace(tzinfo=None)
    due = {report for report, changed in rows if changed is None or changed >= limit}
    assert assays(read) == {(report, method) for report, method, _ in named if report in due}


@pytest.mark.parametrize(
    ("stored", "value"),
    [("0012   ", "0012"), (b"0012", "0012"), (memoryview(b"r\xc3\xa4"), "rä"), (b"\xff", b"\xff"),
     (Decimal("60.0"), 60),
     (Decimal("60.5"), 60.5), ("0000-00-00", None), (None, None), (date(2018, 6, 1), date(2018, 6, 1))],
)  # fmt: skip
def test_values_of_any_driver_are_read(stored: object, value: object) -> None:
    assert plain_value(stored) == value


@pytest.mark.parametrize(
    ("version", "number"),
    [(EARLIEST, 20190101000000), (date(2018, 6, 20), 20180620), (Decimal("2.00"), 2),
     (datetime(2018, 6, 20, 10, 15, tzinfo=UTC), 20180620101500)],
)  # fmt: skip
def test_a_version_may_be_a_time(version: object, number: int) -> None:
    assert plain_row({"version": version})["version"] == number


def test_times_are_compared_in_utc() -> None:
    assert moment_of("2018-06-20T10:15:00+02:00") == datetime(2018, 6, 20, 8, 15, tzinfo=UTC)
    assert moment_of(date(2018, 6, 20)) == datetime(2018, 6, 20, tzinfo=UTC)
    assert moment_of(datetime.max.replace(tzinfo=UTC) - timedelta(days=400)) is not None


def test_a_few_reports_of_a_view_that_cannot_be_read_are_rejected_alone() -> None:
    row = {
        "report_id": "r1", "version": 1, "patient_id": "p", "birth_date": "x", "sex": "F", "report_status": "final",
        "diagnosis": "", "surgery_date": None, "method": "IDH1", "result": "negative",
    }  # fmt: skip
    content = read_rows([row, row | {"report_id": "r2", "birth_date": None}], "H", least_drifted=10)
    assert (len(content.reports), [r.column for r in content.rejected]) == (1, ["birth_date"])

"""Rows of the laboratory become reports; a column that changed is named, a report that cannot be read is rejected."""

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest

from idh_tasks.domain.pathology import ReportedAssay, ReportStatus
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.dates import read_date
from idh_tasks.linkage.feed.rows import REQUIRED, check_columns, read_rows
from idh_tasks.linkage.feed.values import read_sex, read_status


def row(**changes: Any) -> dict[str, Any]:
    return {
        "report_id": "R1", "version": "1", "issuer": "H", "patient_id": "0012", "birth_date": "1958-01-01",
        "sex": "F", "report_status": "final", "diagnosis": "Glioblastoma", "surgery_date": date(2018, 6, 1),
        "specimen_date": None, "age_years": math.nan, "method": "IHC", "result": "negative",
    } | changes  # fmt: skip


def test_rows_of_one_version_are_one_report_with_its_assays() -> None:
    [report] = read_rows([row(), row(method="IDH1", result="R132C"), row(method="IDH1", result="R132C")]).reports
    assert report.assays == (ReportedAssay("IDH1", "R132C"), ReportedAssay("IHC", "negative"))
    assert (report.patient_id, report.version, report.status) == ("0012", 1, ReportStatus.FINAL)
    assert (report.birth_date, report.surgery_date, report.age_years) == (date(1958, 1, 1), date(2018, 6, 1), None)


@pytest.mark.parametrize("column", REQUIRED)
def test_p03_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(RunRefusedError, match=f"E_SCHEMA.*{column}"):
        check_columns(set(REQUIRED) - {column})


@pytest.mark.parametrize(
    ("column", "value"),
    [("version", "v2"), ("birth_date", "1.58"), ("report_status", "zugelassen"), ("sex", "7"), ("age_years", "old")],
)
def test_p03_a_column_that_changed_its_type_or_vocabulary_stops_the_feed(column: str, value: str) -> None:
    rows = [row(report_id=f"R{n}", **{column: value}) for n in range(10)]
    with pytest.raises(RunRefusedError, match=f"E_SCHEMA.*{column}"):
        read_rows(rows)


def test_one_report_that_cannot_be_read_is_rejected_and_the_others_are_read() -> None:
    content = read_rows([row(report_id=f"R{n}", birth_date="unknown" if n == 3 else "1958-01-01") for n in range(10)])
    assert len(content.reports) == 9
    assert [report.column for report in content.rejected] == ["birth_date"]


def test_a_report_that_names_two_patients_is_rejected() -> None:
    others = [row(report_id=f"R{n}") for n in range(2, 5)]
    content = read_rows([row(), row(patient_id="0013", method="IDH1"), *others])
    assert [report.column for report in content.rejected] == ["patient_id"]


def test_l03_a_report_without_an_issuer_is_rejected_or_gets_the_hospitals() -> None:
    assert [report.column for report in read_rows([row(issuer=None)]).rejected] == ["issuer"]
    assert read_rows([row(issuer=None)], "HOSPITAL").reports[0].issuer == "HOSPITAL"


def test_a_printed_report_shows_no_value() -> None:
    content = read_rows([row(patient_id="SECRET-9"), row(report_id="R2", sex="SECRET-9"), row(report_id="R3")])
    assert "SECRET" not in repr(content)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2018-06-01", date(2018, 6, 1)), ("20180601", date(2018, 6, 1)), ("01.06.2018", date(2018, 6, 1)),
     ("2018-06-01T08:30:00", date(2018, 6, 1)),
     (datetime(2018, 6, 1, 8, tzinfo=UTC), date(2018, 6, 1)), ("", None), (None, None)],
)  # fmt: skip
def test_dates_are_read_in_their_usual_formats(text: object, day: date | None) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("word", "status"),
    [("Endbefund", ReportStatus.FINAL), ("C", ReportStatus.FINAL), ("vorläufig", ReportStatus.PRELIMINARY),
     ("X", ReportStatus.CANCELLED), ("entered-in-error", ReportStatus.CANCELLED)],
)  # fmt: skip
def test_statuses_are_read_in_the_words_of_laboratories_and_of_hl7(word: str, status: ReportStatus) -> None:
    assert read_status(word) is status


@pytest.mark.parametrize(("word", "sex"), [("weiblich", "F"), ("W", "F"), ("male", "M"), ("divers", "O"), ("", None)])
def test_sexes_are_read_in_the_words_of_laboratories(word: str, sex: str | None) -> None:
    assert read_sex(word) == sex


@pytest.mark.parametrize("version", ["20990101", "209901011200", "20990101120000"])
def test_a_version_from_the_future_is_rejected_as_every_correction_would_be_older(version: str) -> None:
    content = read_rows([row(report_id=f"R{n}", version=version if n == 3 else "20200101120000") for n in range(5)])
    assert [(one.column, one.report_id) for one in content.rejected] == [("version", "R3")]
    assert content.rejected[0].reason == "column version lies in the future"
    assert len(content.reports) == 4

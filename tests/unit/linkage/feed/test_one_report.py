"""Rows of one report agree, or the report is rejected by name; none of its values is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import FeedContent
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.one_report import LINE
from idh_tasks.linkage.feed.rows import read_rows
from tests.unit.linkage.feed.test_rows import row

OTHER = {
    "patient_id": "0013", "birth_date": "1971-03-03", "sex": "M", "report_status": "cancelled",
    "diagnosis": "Astrocytoma", "surgery_date": "2018-06-03", "specimen_date": "2018-05-01", "age_years": "61",
    "diagnosis_codes": "9401/3", "specimen": "SP-2",
}  # fmt: skip


def two_rows(column: str, value: object, **changes: Any) -> FeedContent:
    """Return the reading of a report whose second row, in line 3, has another value, among other reports."""
    others = [row(report_id=f"R{number}") for number in range(2, 6)]
    second = row(method="IDH2 sequencing", **{column: value, LINE: 3}, **changes)
    return read_rows([row(**{LINE: 2}), second, *others])


@pytest.mark.parametrize(("column", "value"), [*OTHER.items(), ("sex", ""), ("diagnosis", ""), ("patient_id", None)])
def test_rows_that_disagree_reject_the_report_at_the_first_row_that_differs(column: str, value: str | None) -> None:
    content = two_rows(column, value)
    [rejected] = content.rejected
    assert (rejected.column, rejected.line, len(content.reports)) == (column, 3, 4)
    assert not value or value not in rejected.reason


def test_values_written_in_two_ways_do_not_disagree() -> None:
    content = two_rows("birth_date", "01.01.1958", sex="weiblich", report_status="Endbefund", version="01")
    assert (len(content.reports), content.rejected) == (5, ())


@pytest.mark.parametrize("value", ["", "1.0", "v2", "1_000", "9" * 19, "٣", None, True])
def test_a_row_with_an_unreadable_version_rejects_all_versions_of_its_report(value: object) -> None:
    content = two_rows("version", value)
    assert [(one.column, one.line) for one in content.rejected] == [("version", 3)]
    assert "R1" not in {one.report_id for one in content.reports}


def test_an_older_version_does_not_count_in_place_of_one_that_is_rejected_and_a_newer_one_does() -> None:
    versions = [row(), row(version="2", birth_date="2019-01-01"), row(version="3")]
    content = read_rows([*versions, row(report_id="R2")])
    assert [(one.report_id, one.version) for one in content.reports] == [("R1", 3), ("R2", 1)]
    assert [one.column for one in content.rejected] == ["birth_date"]


def test_an_issuer_in_some_rows_only_rejects_the_report() -> None:
    content = two_rows("issuer", "")
    assert [one.column for one in content.rejected] == ["issuer"]
    assert "R1" not in {one.report_id for one in content.reports}
    assert len(read_rows([row(), row(issuer="", method="IDH2")], "H").reports) == 1


def test_a_result_without_a_method_rejects_the_report() -> None:
    [rejected] = read_rows([row(), row(method="", result="p.R132H")]).rejected
    assert rejected.column == "method"


def test_two_results_of_one_method_are_both_kept() -> None:
    [report] = read_rows([row(result="negative"), row(result="p.R132H")]).reports
    assert [assay.result for assay in report.assays] == ["negative", "p.R132H"]


@given(st.permutations(range(6)), st.sampled_from(list(OTHER)))
def test_the_order_of_the_rows_does_not_decide(order: list[int], column: str) -> None:
    rows = [row(method=f"IDH{number}") for number in range(5)] + [row(**{column: OTHER[column]})]
    content = read_rows([rows[place] for place in order])
    assert [one.column for one in content.rejected] == [column]


@pytest.mark.parametrize("day", ["1899-12-30", "9999-12-31", (datetime.now(UTC) + timedelta(days=9)).date()])
def test_a_date_that_cannot_be_true_rejects_the_report(day: object) -> None:
    content = read_rows([row(surgery_date=day), row(report_id="R2"), row(report_id="R3")])
    assert [one.column for one in content.rejected] == ["surgery_date"]


def test_a_changed_column_is_named_with_the_first_line_that_cannot_be_read() -> None:
    with pytest.raises(FileHeldError) as caught:
        read_rows([row(**{LINE: 2}), *[row(report_id=f"R{n}", sex="7", **{LINE: n}) for n in range(3, 9)]])
    assert (caught.value.code, caught.value.line) == ("E_SCHEMA", 3)


def test_a_single_unreadable_report_does_not_stop_a_view() -> None:
    content = read_rows([row(patient_id=4711.0)], least_drifted=10)
    assert [one.column for one in content.rejected] == ["patient_id"]

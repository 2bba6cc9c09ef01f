"""A workbook is read if all of it is what a person sees in it; otherwise it is held with the row at fault."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.tables import TableRules, read_csv, read_excel
from tests.feed_tables import csv_text, report, workbook

Change = Callable[[Workbook, Worksheet], object]
ROWS = report("R1") + report("R2", patient_id="0013")


def held(content: bytes) -> FileHeldError:
    with pytest.raises(FileHeldError) as caught:
        read_excel(content)
    return caught.value


def cell(place: str, value: object) -> Change:
    return lambda _, sheet: sheet.__setitem__(place, value)


def test_a_workbook_gives_the_same_reports_as_a_csv_file() -> None:
    assert read_excel(workbook(ROWS)) == read_csv(csv_text(ROWS).encode())


def test_dates_numbers_and_an_empty_sheet_are_read() -> None:
    rows = report(version=1, birth_date=date(1958, 1, 1), surgery_date=datetime(2018, 6, 2, 9, 30), age_years=60)  # noqa: DTZ001
    content = read_excel(workbook(rows, lambda book, _: book.create_sheet("notes")))
    assert content == read_csv(csv_text(report()).encode())


def rows_hidden(_: Workbook, sheet: Worksheet) -> None:
    sheet.row_dimensions[3].hidden = True


def header_hidden(_: Workbook, sheet: Worksheet) -> None:
    sheet.row_dimensions[1].hidden = True


def columns_hidden(_: Workbook, sheet: Worksheet) -> None:
    sheet.column_dimensions.group("B", "D", hidden=True)


def struck_through(_: Workbook, sheet: Worksheet) -> None:
    sheet["M4"].font = Font(strike=True)


def struck_in_part(_: Workbook, sheet: Worksheet) -> None:
    sheet["M4"] = CellRichText([TextBlock(InlineFont(strike=True), "not "), "detected"])


def merged(_: Workbook, sheet: Worksheet) -> None:
    sheet.merge_cells("A4:A5")


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (rows_hidden, 3), (header_hidden, 1), (columns_hidden, 1), (struck_through, 4), (struck_in_part, 4),
        (merged, 4), (cell("M3", "=A1"), 3), (cell("M3", "#REF!"), 3), (cell("D3", 12), 3), (cell("A3", 4711.5), 3),
        (cell("D3", 1.23e12), 3), (cell("D3", True), 3), (cell("D3", date(2018, 3, 12)), 3), (cell("D3", "'0012"), 3),
        (cell("D3", None), 3), (cell("O3", "see below"), 3), (cell("A7", "Total"), 7), (cell("L1", "result"), 1),
        (cell("D3", "0012\xa0"), 3),
    ],
)  # fmt: skip
def test_what_a_person_changed_in_the_sheet_holds_the_workbook(change: Change, row: int) -> None:
    error = held(workbook(ROWS, change))
    assert (error.code, error.line) == ("E_SCHEMA", row)


def second_sheet(book: Workbook, _: Worksheet) -> None:
    book.create_sheet("more")["A1"] = "x"


def hidden_sheet(book: Workbook, sheet: Worksheet) -> None:
    book.active = book.create_sheet("shown")
    sheet.sheet_state = "hidden"


@pytest.mark.parametrize("change", [second_sheet, hidden_sheet])
def test_content_that_the_first_sheet_does_not_show_holds_the_workbook(change: Change) -> None:
    assert held(workbook(ROWS, change)).code == "E_SCHEMA"


def test_formatted_cells_far_away_are_passed_over_without_filling_the_memory() -> None:
    def far(_: Workbook, sheet: Worksheet) -> None:
        sheet.cell(1_000_000, 100).font = Font(bold=True)

    assert read_excel(workbook(ROWS, far)) == read_excel(workbook(ROWS))


def test_content_far_away_holds_the_workbook() -> None:
    assert held(workbook(ROWS, cell("XFD1048576", "x"))).code == "E_SCHEMA"


def test_a_number_is_an_identifier_only_where_leading_zeros_mean_nothing() -> None:
    content = workbook(report(patient_id=12))
    assert "text cell" in held(content).reason
    [read] = read_excel(content, rules=TableRules(numeric_identifiers=True)).reports
    assert read.patient_id == "12"


def test_a_serial_number_is_no_date() -> None:
    error = held(workbook(report(birth_date=21186)))
    assert (error.code, error.line) == ("E_SCHEMA", 2)


@pytest.mark.parametrize("place", ["E1", "E2"])
def test_a_workbook_without_a_header_is_held_without_its_values(place: str) -> None:
    def without_header(_: Workbook, sheet: Worksheet) -> None:
        sheet.delete_rows(1)
        sheet[place] = "0012" if place == "E1" else "=A1"

    error = held(workbook(report(diagnosis="0012") + report("R2"), without_header))
    assert error.code == "E_SCHEMA"
    assert "0012" not in str(error)
    assert "1958" not in str(error)

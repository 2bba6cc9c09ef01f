"""Builds tables as laboratories deliver them: rows per assay, as CSV text or as a workbook."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

Row = Mapping[str, object]

REPORT: Row = {
    "report_id": "R1", "version": "1", "issuer": "H", "patient_id": "0012", "birth_date": "1958-01-01", "sex": "F",
    "report_status": "final", "diagnosis": "Glioblastoma", "surgery_date": "2018-06-02",
    "specimen_date": "2018-06-01", "age_years": "60", "method": "IDH1 codon 132 sequencing", "result": "not detected",
}  # fmt: skip


def report(report_id: str = "R1", **changes: object) -> list[Row]:
    """Return both rows of a wild-type report."""
    first = {**REPORT, "report_id": report_id, **changes}
    return [first, {**first, "method": "IDH2 codon 172 sequencing"}]


def csv_text(rows: Sequence[Row], delimiter: str = ",", end: str = "\n", *, quoted: bool = False) -> str:
    """Return rows as CSV text, with their keys as header."""
    table = [list(REPORT if not rows else rows[0]), *([str(value) for value in row.values()] for row in rows)]
    lines = (delimiter.join(_quoted(value) if quoted else value for value in line) for line in table)
    return end.join(lines) + end


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def workbook(rows: Sequence[Row], change: Callable[[Workbook, Worksheet], object] | None = None) -> bytes:
    """Return rows as the bytes of an Excel file, changed by a person before it was saved."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    if change is not None:
        change(book, sheet)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()

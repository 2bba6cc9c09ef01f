"""A table is read as a whole or held with the line at fault; a shape that could mean two things is never guessed."""

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import FeedContent
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.tables import TableRules, read_csv
from tests.feed_tables import REPORT, csv_text, report

SIX = [row for number in range(6) for row in report(f"R{number}", patient_id=f"P{number}")]
COLUMNS = list(REPORT)


def held(content: str | bytes, rules: TableRules = TableRules()) -> FileHeldError:  # noqa: B008 - it is frozen
    with pytest.raises(FileHeldError) as caught:
        read_csv(content.encode() if isinstance(content, str) else content, rules=rules)
    return caught.value


def read(text: str) -> FeedContent:
    return read_csv(text.encode())


@given(st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_every_common_dialect_gives_the_same_reports(delimiter: str, end: str, quoted: bool) -> None:
    assert read(csv_text(SIX, delimiter, end, quoted=quoted)) == read(csv_text(SIX))


def looks_encoded_twice(words: str) -> bool:
    with suppress(UnicodeError):
        return words.encode("cp1252").decode() != words
    return False


@given(st.text(st.characters(exclude_categories=("C", "Z")), max_size=30).map(lambda words: f"x{words}y"))
def test_a_quoted_text_is_read_as_it_was_written(words: str) -> None:
    assume(not looks_encoded_twice(words))
    [content] = read(csv_text(report(diagnosis=words), quoted=True)).reports
    assert content.diagnosis == words


@given(st.integers(1, 12), st.integers(0, 12), st.sampled_from("+-"))
def test_a_row_longer_or_shorter_than_the_header_holds_the_file(line: int, place: int, change: str) -> None:
    lines = [row.split(",") for row in csv_text(SIX).splitlines()]
    lines[line][place : place + (change == "-")] = ["more"] if change == "+" else []
    error = held("\n".join(map(",".join, lines)))
    assert (error.code, error.line) == ("E_SCHEMA", line + 1)


@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 5))
def test_a_stray_quote_holds_the_file(line: int, column: int, place: int) -> None:
    lines = [row.split(",") for row in csv_text(SIX).splitlines()]
    value = lines[line][column]
    lines[line][column] = value[:place] + '"' + value[place:]
    assert held("\n".join(map(",".join, lines))).code == "E_FEED_FORMAT"


@given(st.integers(1, 11), st.integers(1, 11), st.integers(0, 12))
def test_two_stray_quotes_that_swallow_the_lines_between_hold_the_file(first: int, more: int, column: int) -> None:
    lines = [row.split(",") for row in csv_text(SIX).splitlines()]
    last = min(first + more, 12)
    lines[first][column], lines[last][column] = f'"{lines[first][column]}', f'{lines[last][column]}"'
    error = held("\n".join(map(",".join, lines)))
    assert (error.code, error.line) == ("E_FEED_FORMAT", first + 1)


@pytest.mark.parametrize("name", ["result", "Result", " result", "result.1", "result (2)", "result_2"])
def test_a_doubled_header_is_named_however_a_program_made_it_unique(name: str) -> None:
    error = held(csv_text([{**row, name + ("" if name != "result" else " "): "negative"} for row in report()]))
    assert (error.code, error.line) == ("E_SCHEMA", 1)
    assert "column result twice" in error.reason


@pytest.mark.parametrize("name", ["comment", "gene 1", "Müller"])
def test_a_doubled_column_that_is_not_used_holds_the_file_without_showing_its_name(name: str) -> None:
    lines = csv_text(report()).splitlines()
    error = held("\n".join([f"{lines[0]},{name},{name}", *(f"{line},," for line in lines[1:])]))
    assert (error.code, name in error.reason) == ("E_SCHEMA", False)


def test_columns_of_other_names_with_numbers_are_not_doubled() -> None:
    assert len(read(csv_text([{**row, "gene": "", "gene 1": "", "gene 2": ""} for row in report()])).reports) == 1


@given(st.integers(1, 12), st.sampled_from(["report_id", "patient_id"]))
def test_a_filled_row_without_an_identifier_holds_the_file(number: int, column: str) -> None:
    rows = [{**row, column: ""} if place == number else row for place, row in enumerate(SIX, start=1)]
    assert held(csv_text(rows)).line == number + 1


@given(st.integers(1, 12), st.sampled_from(["", ",,,,,,,,,,,,", "  ", " , "]))
def test_blank_rows_are_passed_over(line: int, blank: str) -> None:
    lines = csv_text(SIX).splitlines()
    assert read("\n".join([*lines[:line], blank, *lines[line:]])).reports == read(csv_text(SIX)).reports


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "E_FEED_FORMAT", 1),
        (csv_text(SIX, "|"), "E_FEED_FORMAT", 1),
        ("Export of June\n" + csv_text(SIX), "E_FEED_FORMAT", 1),
        (csv_text(SIX[:2]) + csv_text(SIX[2:]), "E_SCHEMA", 4),
        (csv_text(SIX) + "Total: 12\n", "E_SCHEMA", 14),
        (csv_text(SIX[:2]) + csv_text(SIX[2:], ";").partition("\n")[2], "E_SCHEMA", 4),
        (csv_text(SIX)[:-20], "E_SCHEMA", 13),
        (csv_text(SIX).replace("result\n", "\n", 1), "E_SCHEMA", 2),
        (csv_text(SIX).replace("Glioblastoma", "#REF!", 1), "E_SCHEMA", 2),
        (csv_text(SIX).replace("Glioblastoma", "#¡VALOR!", 1), "E_SCHEMA", 2),
        (csv_text(SIX).replace("Glioblastoma", "=A1", 1), "E_SCHEMA", 2),
        (csv_text(SIX).replace("Glioblastoma", "Glio\x07blastoma", 1), "E_FEED_FORMAT", 2),
        (csv_text(SIX).replace("sex", "se\u200bx", 1), "E_SCHEMA", 1),
    ],
)
def test_an_irregular_table_is_held_with_its_line(text: str, code: str, line: int) -> None:
    error = held(text)
    assert (error.code, error.line) == (code, line)


@pytest.mark.parametrize("column", ["report_id", "patient_id", "issuer"])
@pytest.mark.parametrize("value", ["1.23457E+12", "1,2E12", "3E+05", "'0012", "4711.0", "#N/A", "00\u200b12"])
def test_one_ruined_identifier_holds_the_file_and_is_not_quoted(column: str, value: str) -> None:
    error = held(csv_text([*SIX, *report(**{"report_id": "R9", column: value})], quoted=True))
    assert (error.code, error.line) == ("E_SCHEMA", 14)
    assert value not in str(error)


def test_reports_are_read_in_full_after_a_held_file_was_corrected() -> None:
    clean = csv_text(SIX)
    assert held(clean.replace("Glioblastoma", '"Glioblastoma', 1)).code == "E_FEED_FORMAT"
    assert len(read(clean).reports) == 6


def test_several_lines_of_a_quoted_diagnosis_are_one_text() -> None:
    [content] = read(csv_text(report(diagnosis="Glioblastoma,\nWHO grade 4"), quoted=True)).reports
    assert content.diagnosis == "Glioblastoma,\nWHO grade 4"


def test_an_ambiguous_date_is_read_by_the_stated_order_only() -> None:
    text = csv_text(report(birth_date="03/04/1958"))
    assert "IDH_LINKAGE__DATE_ORDER" in held(text).reason
    for order, month in (("day_first", 4), ("month_first", 3)):
        [content] = read_csv(text.encode(), rules=TableRules(date_order=order)).reports  # type: ignore[arg-type]
        assert content.birth_date is not None
        assert content.birth_date.month == month


def test_a_column_with_both_orders_of_dates_is_held() -> None:
    rows = [*report("R1", birth_date="25/04/1958"), *report("R2", birth_date="04/25/1958")]
    assert held(csv_text(rows)).code == "E_SCHEMA"
    assert held(csv_text(rows[:2]), TableRules(date_order="month_first")).code == "E_SCHEMA"


@pytest.mark.parametrize(
    ("row", "line"),
    [("H,1.2E+3,0012,2019-01-01,", 2), ("H,0099,,2019-01-01,", 2), ("H,0099,0012,01/02/2019,", 2),
     ("H,0099,0012,2019-01-01,perhaps", 2), (",0099,0012,2019-01-01,", 2), ("H,0012,0012,2019-01-01,", 2)],
)  # fmt: skip
def test_one_bad_merge_holds_the_table(row: str, line: int) -> None:
    good = "H,0098,0012,2019-01-01,\n"
    assert held(f"issuer,prior_id,surviving_id,at,undone\n{row}\n{good}").line == line


def test_a_table_of_reports_and_merges_is_held() -> None:
    assert held("report_id,prior_id,surviving_id,at\nR1,0099,0012,2019-01-01\n").code == "E_SCHEMA"

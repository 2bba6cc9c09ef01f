"""One printer for all commands: text for people, one JSON object per line for machines."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from idh_tasks.cli import output


@dataclass(frozen=True)
class Record:
    """Something that a command prints."""

    name: str
    size: float | None
    parts: dict[str, int]


RECORD = Record("study", 0.123456, {"T1": 2, "T2": 3})


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("as_text", "text"),
    [
        (output.as_fields, "name: study\nsize: 0.1235\nparts: {'T1': 2, 'T2': 3}\n"),
        (output.as_columns, "study  0.123456  {'T1': 2, 'T2': 3}\n"),
        (lambda record: record.name, "study\n"),
    ],
    ids=["fields", "columns", "own"],
)
def test_a_record_reads_as_its_command_says(as_text: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.show(RECORD, as_json=False, as_text=as_text)
    assert printed(capsys) == text


def test_sections_indent_the_entries_of_lists_and_mappings(capsys: pytest.CaptureFixture[str]) -> None:
    output.show({"keys": ["a", "b"], "rows": {"patch": 6}}, as_json=False, as_text=output.as_sections)
    assert printed(capsys) == "keys\n  a\n  b\nrows\n  ('patch', 6)\n"


def test_columns_leave_out_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_each([{"code": None, "file": "x"}], as_json=False)
    assert printed(capsys) == "x\n"


def test_json_is_one_object_per_line_whatever_the_text_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_each([RECORD, RECORD], as_json=True)
    first, second = printed(capsys).splitlines()
    assert first == second
    assert json.loads(first) == {"name": "study", "size": 0.123456, "parts": {"T1": 2, "T2": 3}}


def test_json_writes_dates_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.show({"on": date(2026, 1, 31)}, as_json=True)
    assert json.loads(printed(capsys)) == {"on": "2026-01-31"}


def test_records_are_printed_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def records() -> Any:
        yield {"file": "first"}
        assert printed(capsys) == "first\n"
        yield {"file": "second"}

    output.show_each(records(), as_json=False)
    assert printed(capsys) == "second\n"


def test_notes_and_progress_leave_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("look")
    assert list(output.with_progress([1, 2], "files")) == [1, 2]
    assert capsys.readouterr() == ("", "look\n")

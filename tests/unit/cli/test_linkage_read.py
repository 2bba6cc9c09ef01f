"""`idh linkage read`: what the hospital states of its tables counts at the desk as in the night."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from tests.feed_tables import csv_text, report


def entries(path: Path, *options: str, **environment: str) -> list[dict[str, Any]]:
    shown = CliRunner().invoke(cli, ["linkage", "read", str(path), "--json", *options], env=environment)
    return [json.loads(line) for line in shown.stdout.splitlines()]


@pytest.mark.parametrize("by_option", [True, False])
def test_the_stated_encoding_and_order_of_dates_are_used(tmp_path: Path, by_option: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_text(report(diagnosis="Glioblastom, Färbung", surgery_date="02/06/2018"), ";").encode("cp850"))
    assert [entry["kind"] for entry in entries(path)] == ["refused"]
    if by_option:
        [entry] = entries(path, "--encoding", "cp850", "--date-order", "day_first")
    else:
        [entry] = entries(path, IDH_LINKAGE__ENCODING="cp850", IDH_LINKAGE__DATE_ORDER="day_first")
    assert (entry["diagnosis"], entry["surgery_date"]) == ("Glioblastom, Färbung", "2018-06-02")


def test_a_refusal_names_line_and_code(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text([*report(), *report("R2", patient_id="4711.0")]))
    [entry] = entries(path)
    assert (entry["kind"], entry["line"], entry["code"]) == ("refused", 4, "E_SCHEMA")


def test_a_file_without_a_reader_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    assert [entry["code"] for entry in entries(path)] == ["W_UNREAD"]

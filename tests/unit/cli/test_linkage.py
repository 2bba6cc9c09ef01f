"""`idh linkage resolve`: one line per report, with status, rule and evidence."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idh_tasks.cli import app
from idh_tasks.errors import RunRefusedError

ASSAYS = """report_id,age,method,result
b,61,IDH1 R132H IHC,negativ
a,40,Immunhistochemie R132H,positiv
b,61,IDH1 codon 132 sequencing,wild-type
c,70,IHC R132H,negative
b,61,IDH2 codon 172 sequencing,keine Mutation nachgewiesen
d,,NGS panel,"R132H neg, seq pending"
e,abc,NGS panel,VUS
"""


def resolved(tmp_path: Path, *options: str) -> dict[str, tuple[str, str]]:
    path = tmp_path / "assays.csv"
    path.write_text(ASSAYS)
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(path), "--json", *options])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [line["report_id"] for line in lines] == ["b", "a", "c", "d", "e"]
    return {line["report_id"]: (line["status"], line["rule"]) for line in lines}


def test_each_report_gets_its_status_and_rule(tmp_path: Path) -> None:
    assert resolved(tmp_path) == {
        "a": ("mutant", "positive: ihc_r132h"),
        "b": ("wildtype", "both genes sequenced and negative"),
        "c": ("indeterminate", "not both genes sequenced"),
        "d": ("indeterminate", "pending: ngs_panel"),
        "e": ("indeterminate", "unclear, for review: ngs_panel"),
    }


def test_the_pathology_file_of_a_cohort_is_read_with_its_own_name_of_the_age(tmp_path: Path) -> None:
    CliRunner().invoke(app.cli, ["phantom", str(tmp_path), "--patients", "1", "--mutants", "1"])
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(tmp_path / "pathology.csv"), "--json"])
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["mutant"]
    path = tmp_path / "assays.csv"
    path.write_text("report_id,age_years,method,result\nc,70,IHC R132H,negative\n")
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(path), "--age-rule"])
    assert done.stdout.split()[:2] == ["c", "wildtype"]
    assert done.stderr.split() == ["report", "status", "rule"]


def test_the_age_rule_is_an_option(tmp_path: Path) -> None:
    assert resolved(tmp_path, "--age-rule")["c"] == ("wildtype", "IHC negative at 55 or older (cIMPACT-NOW)")


@pytest.mark.parametrize("second", ["50", "abc", "nan", "-70", "700"])
def test_an_age_on_which_the_rows_do_not_agree_decides_nothing(tmp_path: Path, second: str) -> None:
    path = tmp_path / "assays.csv"
    path.write_text(f"report_id,age,method,result\nc,70,IHC R132H,negative\nc,{second},IHC R132H,negative\n")
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(path), "--age-rule", "--json"])
    assert json.loads(done.stdout)["status"] == "indeterminate"
    path.write_text(path.read_text().replace(f"c,{second},", "c,,"))
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(path), "--age-rule", "--json"])
    assert json.loads(done.stdout)["status"] == "wildtype"


def test_p03_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "assays.csv"
    path.write_text("report_id,method\n1,IHC\n")
    done = CliRunner().invoke(app.cli, ["linkage", "resolve", str(path)])
    assert isinstance(done.exception, RunRefusedError)
    assert str(done.exception) == "E_SCHEMA: columns are missing: age, result"

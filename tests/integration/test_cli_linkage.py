"""`idh linkage` and `idh subject` on a real database: what the operator sees."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.seed import seed_cohort

UNCLEAR = (("IDH1 R132H IHC", "weakly so, says Dr Zebedee"),)


@pytest.fixture
def operator(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: platform)
    return CliRunner()


def lines(operator: CliRunner, *arguments: str) -> list[str]:
    done = operator.invoke(cli, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_the_flow_is_shown_as_text_as_json_and_as_a_figure(
    operator: CliRunner, platform: Platform, tmp_path: Path
) -> None:
    seed_cohort(platform, 2, 3)
    out = tmp_path / "flow.svg"
    assert "    5  MR                 " in lines(operator, "linkage", "flow", "--figure", str(out))
    assert out.read_text().startswith("<svg")
    assert "found: 5 patients" in out.read_text()
    flow = json.loads(lines(operator, "linkage", "flow", "--json")[0])
    assert flow["steps"][0]["before"] == 5
    assert set(flow) == {"steps", "sequences", "demographics"}


def test_open_questions_are_listed_and_shown_without_names(operator: CliRunner, platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    [listed] = lines(operator, "linkage", "review", "list")
    review_id = listed.split()[0]
    shown = "\n".join(lines(operator, "linkage", "review", "show", review_id))
    assert "options: mutant, wildtype, exclude" in shown
    assert "Zebedee" not in shown
    assert json.loads(lines(operator, "linkage", "review", "list", "--json")[0])["kind"] == "unclear_result"


def test_the_trainings_that_used_a_report_are_listed(operator: CliRunner, platform: Platform) -> None:
    seed_cohort(platform, 5, 10)
    freeze_cohort(platform, force=True)
    used = [json.loads(line) for line in lines(operator, "linkage", "affected", "3", "--json")]
    assert len(used) == 6
    assert {member["code"] for member in used} == {None}
    assert "unchanged" in lines(operator, "linkage", "affected", "3")[0]


def test_a_subject_is_shown_and_erased(operator: CliRunner, platform: Platform) -> None:
    add_study(platform, "s", date(2018, 1, 1))
    key = platform.pseudonymiser.patient("H", "p1")
    assert json.loads(lines(operator, "subject", "show", key, "--json")[0])["rows"] == {"series": 3, "studies": 1}
    lines(operator, "subject", "erase", key, "--yes")
    assert operator.invoke(cli, ["subject", "show", key]).exit_code != 0

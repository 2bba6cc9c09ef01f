"""The command line explains itself; an error of the platform becomes one line and an exit code."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from idh_tasks.cli import app
from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError
from tools.cli_page import commands

COMMANDS = dict(commands())
WIDE = {"COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb"}
RAW = re.compile(r"\\(?=\[)")
"""The backslashes with which a help text protects its brackets from Rich."""


def words(text: str) -> str:
    return " ".join(re.sub("[│╭╮╰╯─*]", " ", text).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_every_text_whole_brackets_included(command: str) -> None:
    shown = CliRunner().invoke(app.cli, [*command.split()[1:], "--help"], env=WIDE)
    assert shown.exit_code == 0
    texts = [parameter.help for parameter in COMMANDS[command].params]
    texts += [child.help for child in getattr(COMMANDS[command], "commands", {}).values()]
    assert [text for text in texts if words(RAW.sub("", text)) not in words(shown.output)] == []


def test_the_shape_of_training_data_is_in_its_help() -> None:
    shown = CliRunner().invoke(app.cli, ["learn", "train", "--help"], env=WIDE)
    assert ".npz: x [n,64,64], y {0,1}, patient." in shown.output


@pytest.mark.parametrize(
    ("error", "exit_code"), [(RunRefusedError(Code.E_STALE, "no"), 1), (TransientError(Code.E_PACS, "later"), 75)]
)
def test_an_error_of_the_platform_is_one_line_and_an_exit_code(
    error: Exception, exit_code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise error

    monkeypatch.setattr(app, "cli", failing)
    with pytest.raises(SystemExit) as caught:
        app.app()
    assert caught.value.code == exit_code
    assert capsys.readouterr().err == f"{error}\n"


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = ("tensorflow", "SimpleITK", "pydicom", "airflow")
    script = f"import sys, idh_tasks.cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.strip() == "[]"


def test_a_phantom_is_written_from_the_command_line(tmp_path: Path) -> None:
    out = str(tmp_path / "cohort")
    done = CliRunner().invoke(app.cli, ["phantom", out, "--patients", "1", "--mutants", "0", "--seed", "2"])
    assert done.exit_code == 0
    truth = json.loads((tmp_path / "cohort" / "truth.json").read_text())
    assert [patient["status"] for patient in truth["patients"]] == ["wildtype"]


def test_run_evaluate_writes_the_report_of_the_run_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(platform: object, run_id: str) -> str:
        return f"{platform}/{run_id}"

    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: "opened")
    monkeypatch.setattr("idh_tasks.pipelines.train.evaluate.evaluate", evaluate)
    done = CliRunner().invoke(app.cli, ["run", "evaluate", "0a1b", "--json"])
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer == {"report": "opened/0a1b"}

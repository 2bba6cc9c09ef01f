"""The command line explains itself, and our errors become a line and an exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idh_tasks.cli import app
from idh_tasks.errors import RunRefusedError, TransientError

COMMANDS = (
    "phantom",
    "up",
    "down",
    "status",
    "demo",
    "report",
    "migrate",
    "run",
    "intake",
    "linkage",
    "compose-secrets",
)


def test_every_command_has_help() -> None:
    runner = CliRunner()
    for command in COMMANDS:
        shown = runner.invoke(app.cli, [command, "--help"])
        assert shown.exit_code == 0
        assert len(shown.output.splitlines()) > 5


@pytest.mark.parametrize(("error", "code"), [(RunRefusedError("E_X", "no"), 1), (TransientError("E_Y", "later"), 75)])
def test_an_error_of_ours_is_one_line_and_an_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise error

    monkeypatch.setattr(app, "cli", failing)
    with pytest.raises(SystemExit) as caught:
        app.app()
    assert caught.value.code == code
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

"""An id that does not exist is refused by every command that takes one, with its code and exit status 1."""

import sys

import pytest

from idh_tasks.cli import app
from idh_tasks.domain.role import Role
from idh_tasks.pipelines.platform import Platform

WRONG_IDS = {
    ("linkage", "review", "show", "nosuch"): "E_NO_ENTRY",
    ("linkage", "review", "reopen", "nosuch", "--reason", "a slip"): "E_REVIEW",
    ("intake", "quarantine", "show", "nosuch"): "E_NO_ENTRY",
    ("intake", "quarantine", "readmit", "nosuch"): "E_NO_ENTRY",
    ("linkage", "affected", "nosuch"): "E_NO_REPORT",
    ("subject", "show", "nosuch"): "E_NO_PATIENT",
    ("subject", "erase", "nosuch", "--yes"): "E_NO_PATIENT",
    ("run", "evaluate", "nosuch"): "E_NO_RUN",
    ("learn", "rollback", "T1"): "E_NO_CHAMPION",
    ("learn", "withdraw", "T1", "nosuch", "--reason", "misses mutants"): "E_NO_CHAMPION",
    ("report", "--out", "report.html"): "E_NO_RUN",
}

pytestmark = pytest.mark.services


@pytest.mark.parametrize("words", WRONG_IDS, ids=" ".join)
def test_an_unknown_id_is_refused_by_name(
    words: tuple[str, ...], platform: Platform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def opened(_: Role) -> Platform:
        return platform

    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", opened)
    monkeypatch.setattr(sys, "argv", ["idh", *words])
    with pytest.raises(SystemExit) as caught:
        app.app()
    assert caught.value.code == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith(f"{WRONG_IDS[words]}: ")

"""An id that does not exist is refused by every command that takes one, with its code and exit status 1."""

import getpass
import sys
from collections.abc import Callable
from io import StringIO
from typing import NoReturn

import pytest

from idh_tasks.cli import app
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import drop, study

WRONG_IDS = {
    ("linkage", "review", "show", "nosuch"): "E_NO_ENTRY",
    ("linkage", "review", "reopen", "nosuch", "--reason", "a slip"): "E_NO_ENTRY",
    ("intake", "quarantine", "show", "nosuch"): "E_NO_ENTRY",
    ("intake", "quarantine", "readmit", "nosuch"): "E_NO_ENTRY",
    ("work", "retry", "nosuch"): "E_NO_ENTRY",
    ("linkage", "affected", "nosuch"): "E_NO_REPORT",
    ("subject", "show", "nosuch"): "E_NO_PATIENT",
    ("subject", "erase", "nosuch", "--yes"): "E_NO_PATIENT",
    ("subject", "erase", "nosuch"): "E_NO_PATIENT",
    ("run", "evaluate", "nosuch"): "E_NO_RUN",
    ("learn", "rollback", "T1"): "E_NO_CHAMPION",
    ("learn", "withdraw", "T1", "nosuch", "--reason", "misses mutants"): "E_NO_CHAMPION",
    ("report", "--out", "report.html"): "E_NO_RUN",
}

pytestmark = pytest.mark.services


WRONG_USAGE = {
    ("run", "ingest", "--source", "dicomweb"): "E_SETTINGS",
    ("subject", "key"): "E_ARGUMENT",
    ("subject", "key", "--issuer", "H"): "E_ARGUMENT",
}


def nobody(_: str) -> NoReturn:
    raise EOFError


@pytest.fixture
def idh(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str]]:
    """Return a command line without anybody who answers; it returns exit status and code."""

    def run(*words: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["idh", *words])
        with pytest.raises(SystemExit) as caught:
            app.app()
        return caught.value.code, capfd.readouterr().err.splitlines()[-1].partition(": ")[0]

    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: platform)
    monkeypatch.setattr(sys, "stdin", StringIO())
    monkeypatch.setattr(getpass, "getpass", nobody)
    return run


@pytest.mark.parametrize("words", WRONG_IDS, ids=" ".join)
def test_an_unknown_id_is_refused_by_name(words: tuple[str, ...], idh: Callable[..., tuple[object, str]]) -> None:
    assert idh(*words) == (1, WRONG_IDS[words])


@pytest.mark.parametrize("words", WRONG_USAGE, ids=" ".join)
def test_what_cannot_be_asked_or_is_not_configured_is_wrong_usage(
    words: tuple[str, ...], idh: Callable[..., tuple[object, str]]
) -> None:
    assert idh(*words) == (2, WRONG_USAGE[words])


def test_nothing_is_erased_if_nobody_agrees(idh: Callable[..., tuple[object, str]], platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform)
    [(key,)] = run_sql(platform, "SELECT patient_key FROM idh.patient")
    assert idh("subject", "erase", key) == (2, "E_ARGUMENT")
    assert run_sql(platform, "SELECT count(*) FROM idh.patient") == [(1,)]

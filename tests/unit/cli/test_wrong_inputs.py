"""Wrong ids, paths and settings over every command: a code and an exit status as documented, and no traceback."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from idh_tasks.cli import app
from tests.unit.configuration.test_problems import CONNECTED
from tools.cli_page import commands

USAGE, REFUSED = 2, 1
LABELS = "patient,label\na,mutant\n"

WRONG_PATHS = [
    ("phantom", "{file}/below"),
    ("phantom", "{out}", "--from-nifti", "{absent}"),
    ("intake", "gate", "{absent}"),
    ("intake", "classify", "{absent}"),
    ("intake", "deidentify", "{absent}", "{out}"),
    ("linkage", "resolve", "{absent}"),
    ("linkage", "resolve", "{folder}"),
    ("linkage", "read", "{absent}"),
    ("imaging", "adc", "{absent}", "-o", "{out}"),
    ("imaging", "rcbv", "{absent}", "-o", "{out}"),
    ("imaging", "register", "--fixed", "{absent}", "--moving", "{absent}", "-o", "{out}"),
    ("imaging", "brain", "{absent}", "-o", "{out}"),
    ("imaging", "roi", "--t2", "{absent}", "--flair", "{absent}", "-o", "{out}"),
    ("imaging", "outline", "{absent}", "{absent}", "-o", "{out}"),
    ("imaging", "patches", "{file}", "-o", "{out}"),
    ("learn", "folds", "{absent}"),
    ("learn", "train", "{absent}", "-o", "{out}"),
    ("learn", "metrics", "{absent}"),
    ("learn", "report", "{absent}", "-o", "{out}"),
    ("demo", "--cohort", "{absent}"),
    ("compose-secrets", "{file}/below"),
]
"""Paths that do not exist, or of the wrong kind."""

WRONG_CONTENTS = [
    ("demo", "--cohort", "{folder}"),
    ("linkage", "resolve", "{file}"),
    ("linkage", "resolve", "{latin1}"),
    ("intake", "gate", "{folder}"),
    ("intake", "classify", "{folder}"),
    ("learn", "folds", "{latin1}"),
    ("learn", "folds", "{file}"),
    ("learn", "train", "{file}", "-o", "{out}"),
    ("learn", "metrics", "{file}"),
    ("learn", "report", "{folder}", "-o", "{out}"),
    ("imaging", "adc", "{file}", "-o", "{out}"),
    ("imaging", "brain", "{folder}", "-o", "{out}"),
    ("imaging", "patches", "{folder}", "-o", "{out}"),
]
"""What exists, and is not what the command needs."""

IMPOSSIBLE = [
    ("--patients", "3", "--mutants", "4"),
    ("--patients", "0", "--mutants", "0"),
    ("--mutants", "-1"),
    ("--seed", "-1"),
]
"""Numbers that no cohort has."""

WRONG_URLS = [
    "",
    "a database",
    "nosuch+driver://user:s3cret@host/idh",
    "sqlite://",
    "sqlite:////nowhere/idh.db",
    "mysql+pymysql://user:s3cret@host/idh",
    "postgresql+asyncpg://user:s3cret@host/idh",
    "postgresql://user:s3cret@host:port/idh",
]
"""Addresses at which no database of the platform can be."""

WRONG_USAGE = [
    ("intake", "select", "MRT Knie"),
    ("intake", "rules", "propose"),
    ("intake", "rules", "preview", "x"),
    ("intake", "rules", "activate", "1"),
    ("intake", "rules", "retire", "1", "--reason", " "),
    ("intake", "rules", "past", "0"),
    ("run", "backfill", "--since", "yesterday"),
    ("run", "backfill", "--slice-days", "0"),
    ("nosuch",),
    ("run", "nosuch"),
    ("run", "ingest", "--source", "tape"),
    ("run", "ingest", "--since", "yesterday"),
    ("check", "fax"),
    ("learn", "rollback", "T3"),
    ("learn", "history", "T3"),
    ("learn", "withdraw", "T3", "a model", "--reason", "misses mutants"),
    ("learn", "withdraw", "T1", "a model"),
    ("learn", "withdraw", "T1", "--reason", "misses mutants"),
    ("learn", "withdraw", "T1", "a model", "--reason", " "),
    ("learn", "folds", "{file}", "--folds", "1"),
    ("learn", "train", "{file}", "-o", "{out}", "--sequence", "T9"),
    *(("learn", "train", "{file}", "-o", "{out}", "--learning-rate", rate) for rate in ("0", "-1", "nan", "inf")),
    *(("phantom", "{out}", *numbers) for numbers in IMPOSSIBLE),
    *(("demo", *numbers) for numbers in IMPOSSIBLE[:3]),
    ("demo", "--epochs", "0"),
    ("linkage", "review", "show"),
    ("linkage", "review", "reopen", "x"),
    ("linkage", "review", "reopen", "x", "--reason", ""),
    *(("migrate", "--url", url) for url in WRONG_URLS),
    ("status", "--nosuch"),
]
"""Values that no command accepts."""

SETTINGS = {
    "IDH_LEARNING__EPOCHS": "lots",
    "IDH_LEARNING__EPOCH": "3",
    "IDH_INGEST_CRON": "70 1 * * *",
    "IDH_TIME_ZONE": "Berlin",
    "IDH_STORE__ENDPOINT": "s3.hospital.example",
    "IDH_PACS__PORT": "0",
    "IDH_PATHOLOGY_MAPPING": "/nowhere/mapping.toml",
}
STARTS = [
    ("up",),
    ("check",),
    ("status",),
    ("demo",),
    ("migrate",),
    ("mllp",),
    ("report",),
    ("run", "train"),
    ("audit", "verify"),
    ("subject", "show", "x"),
]
"""Commands that start something, or open the platform."""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Return paths by name, in a folder without an installation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("idh_tasks.local.up.up", lambda *_: pytest.fail("services were started"))
    monkeypatch.setattr("idh_tasks.local.demo.up", lambda *_: pytest.fail("services were started"))
    (tmp_path / "file").write_text("nothing, useful\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin1").write_bytes("report_id,age,method,result\nä,50,IDH1 R132H IHC,positive\n".encode("latin-1"))
    return {name: tmp_path / name for name in ("absent", "file", "folder", "out", "latin1")}


def ended(words: tuple[str, ...], places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the exit status of `idh` with these words."""
    monkeypatch.setattr(sys, "argv", ["idh", *(word.format(**places) for word in words)])
    with pytest.raises(SystemExit) as caught:
        app.app()
    return int(caught.value.code or 0)


@pytest.mark.parametrize("words", WRONG_PATHS + WRONG_USAGE, ids=" ".join)
def test_a_wrong_path_or_word_is_wrong_usage(
    words: tuple[str, ...], places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(words, places, monkeypatch) == USAGE
    shown = capfd.readouterr().err
    assert shown
    assert "Traceback" not in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("words", WRONG_CONTENTS, ids=" ".join)
def test_what_cannot_be_used_is_refused_with_its_code(
    words: tuple[str, ...], places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(words, places, monkeypatch) == REFUSED
    [line] = [line for line in capfd.readouterr().err.splitlines() if line.startswith("E_")]
    assert re.match(r"E_(?!UNEXPECTED)[A-Z0-9_]+: .", line)


def test_a_database_that_does_not_answer_is_tried_again_later(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("migrate", "--url", "postgresql+psycopg2://user:s3cret@127.0.0.1:1/idh")
    assert ended(words, places, monkeypatch) == app.TRY_AGAIN
    assert capfd.readouterr().err == "E_DATABASE: the database cannot be reached\n"


def test_an_address_of_another_kind_of_database_is_refused_by_the_check_of_all_sources(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in (CONNECTED | {"IDH_DATABASE_URL": "sqlite:////nowhere/idh.db"}).items():
        monkeypatch.setenv(name, value)
    assert ended(("check",), places, monkeypatch) == USAGE
    assert capfd.readouterr().err == "E_SETTINGS: the platform's database must be PostgreSQL, not sqlite\n"


def test_a_missing_setting_is_wrong_usage_as_a_bad_one_is(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(("linkage", "poll"), places, monkeypatch) == USAGE
    assert capfd.readouterr().err == "E_SETTINGS: no FHIR server is set: IDH_FHIR__URL\n"


def test_a_folder_in_which_nothing_is_a_series_is_not_a_success(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(("intake", "classify", "{file}"), places, monkeypatch) == REFUSED
    assert "E_NOT_DICOM" in capfd.readouterr().out


@pytest.mark.parametrize("variable", SETTINGS)
@pytest.mark.parametrize("words", STARTS, ids=" ".join)
def test_no_command_starts_with_a_bad_variable(
    words: tuple[str, ...],
    variable: str,
    places: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, SETTINGS[variable])
    assert ended(words, places, monkeypatch) == USAGE
    assert capfd.readouterr().err.startswith(f"E_SETTINGS: {variable} is ")
    assert not (places["folder"].parent / ".idh").exists()


def test_every_command_that_takes_a_path_or_a_value_was_tried_with_a_wrong_one() -> None:
    tried = {words for wrong in WRONG_PATHS + WRONG_CONTENTS + WRONG_USAGE + STARTS for words in _heads(wrong)}
    groups = {words for words, command in commands() if hasattr(command, "commands")}
    taking = {words for words, command in commands() if words not in groups and _takes(command)}
    assert taking - tried - BY_ID == set()


BY_ID = {
    "idh run evaluate",
    "idh intake quarantine show",
    "idh intake quarantine readmit",
    "idh linkage affected",
    "idh linkage flow",
    "idh subject key",
    "idh subject erase",
    "idh work retry",
}
"""Tried on a database, in tests/integration/test_cli_wrong_ids.py; `flow` takes an output only."""


def _heads(words: tuple[str, ...]) -> list[str]:
    return [" ".join(("idh", *words[:count])) for count in (1, 2, 3)]


def _takes(command: Any) -> bool:
    return any(parameter.name != "as_json" and not getattr(parameter, "is_flag", False) for parameter in command.params)


def test_the_exit_codes_are_on_the_page_of_commands() -> None:
    written = " ".join((app.__doc__ or "").split())
    assert [
        code for code in ("0 success", "1 refused", "2 wrong usage", "70 an", "75 failed") if code not in written
    ] == []


def test_an_unforeseen_error_tells_its_place_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise ValueError("Zebedee^Marker born 19600102")

    monkeypatch.setattr(app, "cli", failing)
    with pytest.raises(SystemExit) as caught:
        app.app()
    assert caught.value.code == app.UNFORESEEN
    assert re.fullmatch(r"E_UNEXPECTED: ValueError at test_wrong_inputs\.py:\d+.*\n", capsys.readouterr().err)

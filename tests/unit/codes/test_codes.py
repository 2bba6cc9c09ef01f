"""Every code has an entry that a hospital can act on, and every code in the sources is in the catalogue."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.codes import Code, Consequence, Stage, catalogue
from idh_tasks.settings import ROOT, Settings
from tools.codes_page import codes_page

CODE = re.compile(r"\b[EW]_[A-Z][A-Z0-9_]*\b")
SOURCES = [path for top in ("idh_tasks", "plugins", "dags") for path in (ROOT / top).rglob("*.py")]
SOURCES += (ROOT / "sql").rglob("*.sql")
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "dags").glob("*.md")]
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def said(pattern: str) -> Iterator[tuple[Code, str]]:
    """Yield what a pattern finds in the words about each code."""
    for code in Code:
        for found in re.findall(pattern, f"{code.meaning} {code.remedy}"):
            yield code, found


def outside_the_catalogue() -> list[Path]:
    return [path for path in SOURCES if ROOT / "idh_tasks" / "codes" not in path.parents]


def test_members_and_entries_are_the_same_in_the_same_order() -> None:
    assert list(catalogue()) == list(Code) == list(Code.__members__)


def test_meaning_and_remedy_are_sentences_that_fit_into_a_table() -> None:
    sentence = re.compile(r"[A-Z][^|\n]{10,}\.")
    texts = [(code, text) for code in Code for text in (code.meaning, code.remedy)]
    assert [found for found in texts if not sentence.fullmatch(found[1])] == []


def test_what_a_remedy_has_a_person_read_is_on_a_page_and_not_in_a_table() -> None:
    assert list(said(r"\bidh\.[a-z_]+")) == []
    assert list(said(r"[Rr]ead [^.]*`(?:idh|phi)\.[a-z_]+`")) == []


def test_a_meaning_is_one_short_sentence() -> None:
    assert [code for code in Code if len(code.meaning) > 120 or re.search(r"[.!?] ", code.meaning)] == []


def test_every_stage_and_consequence_has_its_words_and_is_used() -> None:
    assert {code.stage for code in Code} == set(Stage)
    assert {code.consequence for code in Code} == set(Consequence)
    assert all(stage.heading for stage in Stage)
    assert all(consequence.sentence.endswith(".") for consequence in Consequence)


def test_every_code_in_the_sources_is_a_member() -> None:
    found = {code: path.name for path in [*SOURCES, *PAGES] for code in CODE.findall(path.read_text())}
    assert {code: name for code, name in found.items() if code not in Code.__members__} == {}


def test_every_member_is_used() -> None:
    used = {code for path in outside_the_catalogue() for code in CODE.findall(path.read_text())}
    assert set(Code.__members__) - used == set()


def test_every_command_that_a_remedy_names_exists_with_its_options() -> None:
    assert [(code, line) for code, line in said(r"`idh ([^`]+)`") if not offered(line.split())] == []


def offered(words: list[str]) -> bool:
    """Return whether `idh` has a command of these words, with the options among them."""
    command = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    shown = CliRunner().invoke(cli, [*command, "--help"])
    plain = COLOUR.sub("", shown.stdout)
    return shown.exit_code == 0 and all(word in plain for word in words if word.startswith("--"))


def test_every_setting_that_a_remedy_names_exists() -> None:
    assert [(code, name) for code, name in said(r"\bIDH_(\w+)") if not is_setting(name.lower().split("__"))] == []


def is_setting(names: list[str]) -> bool:
    """Return whether the settings have a field of this name, which may be inside a group."""
    fields = Settings.model_fields
    for name in names[:-1]:
        group = fields[name].annotation
        assert isinstance(group, type)
        assert issubclass(group, BaseModel)
        fields = group.model_fields
    return names[-1] in fields


def test_every_code_table_and_identifier_that_a_remedy_names_exists() -> None:
    schema = "".join(path.read_text() for path in (ROOT / "sql" / "migrations").glob("*.sql"))
    sources = "".join(path.read_text() for path in outside_the_catalogue())
    assert [found for found in said(CODE.pattern) if found[1] not in Code.__members__] == []
    assert [found for found in said(r"`((?:idh|phi)\.\w+)`") if f"CREATE TABLE {found[1]} " not in schema] == []
    assert [found for found in said(r"`([a-z]+_\w+)`") if found[1] not in sources] == []


def test_the_page_of_codes_is_up_to_date() -> None:
    assert (ROOT / "docs" / "codes.md").read_text() == codes_page(), "run `make docs`"

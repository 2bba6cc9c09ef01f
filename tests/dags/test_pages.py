"""Generated pages are up to date and complete."""

import ast
from collections.abc import Iterator

import pytest

from idh_tasks.configuration.listed import groups
from idh_tasks.settings import ROOT
from tools.cli_page import commands
from tools.generate import PAGES, missing_cases

READERS = ("os.environ.get", "os.getenv", "environ.get", "getenv")


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_case_of_the_fault_catalogue_that_should_have_a_test_has_one() -> None:
    assert missing_cases() == set()


def test_every_setting_has_a_meaning_that_fits_into_a_table() -> None:
    rows = [row for group in groups() for row in group.settings]
    assert len(rows) > 60
    assert [row.variable for row in rows if not row.meaning.endswith(".") or set("|\n") & set(row.meaning)] == []


def test_every_variable_that_the_code_reads_is_on_the_page_of_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    read = set(variables_read())
    assert "IDH_APPROVAL" in read
    assert {name for name in read if f"`{name}`" not in page} == set()


def variables_read() -> Iterator[str]:
    """Yield the IDH_ variables that the sources read from the environment by name."""
    for path in (path for top in ("idh_tasks", "plugins", "dags") for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in READERS:
                name = ast.literal_eval(node.args[0])
                if name.startswith("IDH_"):
                    yield name


def test_every_command_group_argument_and_option_has_a_help_text() -> None:
    silent = [words for words, command in commands() if not command.help]
    silent += [f"{words} {p.name}" for words, command in commands() for p in command.params if not p.help]
    assert silent == []


def test_every_command_is_on_the_page_of_commands() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert [words for words, _ in commands() if words != "idh" and f" `{words}`\n" not in page] == []

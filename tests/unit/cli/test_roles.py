"""Each command logs in with the role that its work needs, and no command as owner but `migrate`."""

import ast
from collections.abc import Iterator
from pathlib import Path

from idh_tasks.settings import ROOT

CLI = ROOT / "idh_tasks" / "cli"
READING = "monitor"
ROLES = {
    "app.migrate": "owner",
    "check._opened": "role",
    "intake.readmit": "ingest",
    "learn.rollback": "train",
    "learn.withdraw": "pages",
    "linkage.affected": "link",
    "linkage.poll": "link",
    "review.reopen": "pages",
    "rules._seen": "pages",
    "rules.activate": "pages",
    "rules.list_rules": "pages",
    "rules.past": "pages",
    "rules.propose": "pages",
    "rules.retire": "pages",
    "run.backfill": "ingest",
    "run.evaluate": "train",
    "run.ingest": "ingest",
    "run.link": "link",
    "run.predict": "predict",
    "run.preprocess": "preprocess",
    "run.train": "train",
    "subject.erase": "erase",
    "subject.key": "erase",
    "subject.show": "erase",
    "work.retry": "pages",
}
"""Commands that need more than to read schema `idh`."""


def opened(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the commands of a file that open the platform, with their role."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef) and function.name != "open_platform":
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("open_platform"):
                    yield f"{path.stem}.{function.name}", ast.unparse(call.args[0]).removeprefix("Role.").lower()


def test_each_command_logs_in_with_the_role_that_it_needs() -> None:
    found = dict(pair for path in sorted(CLI.glob("*.py")) for pair in opened(path))
    assert len(found) > 20
    assert {command: role for command, role in found.items() if role != READING} == ROLES

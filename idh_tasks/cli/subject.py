"""`idh subject`: what is held of a patient, and its erasure."""

import getpass
import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

subject = typer.Typer(no_args_is_help=True, help="What is held of a patient, and its erasure.")
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]


@subject.command("key")
def key(issuer: Annotated[str, typer.Option(prompt=True, help="Whose identifier it is.")]) -> None:
    """Ask for a hospital's identifier, unseen, and tell our key of it."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.operate.erasure import key_of

    sys.stdout.write(f"{key_of(open_platform(), issuer, getpass.getpass('identifier: '))}\n")


@subject.command("show")
def show(patient_key: str, as_json: AsJson = False) -> None:
    """List all that is held of the person behind a key, and the models that have learnt from her."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.operate.erasure import holdings

    _tell(asdict(holdings(open_platform(), patient_key)), as_json=as_json)


@subject.command("erase")
def erase(
    patient_key: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", prompt="Erase all of it, for good?")],
    as_json: AsJson = False,
) -> None:
    """Erase all that is held of a person; it is not taken in again. Archives of the hospital are its own."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.operate.erasure import erase as purge

    if yes:
        _tell(asdict(purge(open_platform(), patient_key, getpass.getuser())), as_json=as_json)


def _tell(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, value in found.items():
        shown = value.items() if isinstance(value, dict) else value
        sys.stdout.write(f"{name}\n" + "".join(f"  {entry}\n" for entry in shown))  # type: ignore[attr-defined]  # lists

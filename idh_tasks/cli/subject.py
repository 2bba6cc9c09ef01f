"""`idh subject`: what is held about a patient, and its erasure."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError

subject = typer.Typer(no_args_is_help=True, help="What is held about a patient, and its erasure.")

PatientKey = Annotated[str, typer.Argument(help="As `idh subject key` prints it.")]


@subject.command("key")
def key(
    issuer: Annotated[str | None, typer.Option(help="The issuer of the identifier; asked for if not given.")] = None,
) -> None:
    """Ask for a hospital's patient identifier without showing it, and print the platform's key."""
    from idh_tasks.pipelines.operate.erasure import key_of

    with _asking():
        issuer = issuer if issuer is not None else typer.prompt("issuer")
        identifier = getpass.getpass("identifier: ")
    output.say(key_of(platform.open_platform(Role.ERASE), issuer, identifier))


@subject.command("show")
def show(patient_key: PatientKey, as_json: AsJson = False) -> None:
    """List all that is held about the patient, and the models that have learned from them."""
    from idh_tasks.pipelines.operate.erasure import holdings

    output.show(holdings(platform.open_platform(Role.ERASE), patient_key), as_json, output.as_sections)


@subject.command("erase")
def erase(
    patient_key: PatientKey,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase all that is held about the patient, who is not ingested again. The hospital's archives are not touched."""
    from idh_tasks.pipelines.operate.erasure import erase as erase_person
    from idh_tasks.pipelines.operate.erasure import holdings

    opened = platform.open_platform(Role.ERASE)
    if not yes:
        holdings(opened, patient_key)  # an unknown key is refused before anything is asked
        with _asking():
            yes = typer.confirm("Erase all of it, for good?")
    if yes:
        output.show(erase_person(opened, patient_key, getpass.getuser()), as_json, output.as_sections)


@contextmanager
def _asking() -> Iterator[None]:
    """Refuse to go on if nobody is there to answer."""
    try:
        yield
    except (typer.Abort, EOFError):
        typer.echo(err=True)  # the prompt has no end of line
        raise RunRefusedError(Code.E_ARGUMENT, "a question was not answered; nothing was done") from None

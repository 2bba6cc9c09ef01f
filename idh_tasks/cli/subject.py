"""`idh subject`: what is held about a patient, and its erasure."""

import getpass
from typing import Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

subject = typer.Typer(no_args_is_help=True, help="What is held about a patient, and its erasure.")

PatientKey = Annotated[str, typer.Argument(help="As `idh subject key` prints it.")]


@subject.command("key")
def key(issuer: Annotated[str, typer.Option(prompt=True, help="The issuer of the identifier.")]) -> None:
    """Ask for a hospital's patient identifier without showing it, and print the platform's key."""
    from idh_tasks.pipelines.operate.erasure import key_of

    output.say(key_of(platform.open_platform(Role.ERASE), issuer, getpass.getpass("identifier: ")))


@subject.command("show")
def show(patient_key: PatientKey, as_json: AsJson = False) -> None:
    """List all that is held about the patient, and the models that have learned from them."""
    from idh_tasks.pipelines.operate.erasure import holdings

    output.show(holdings(platform.open_platform(Role.ERASE), patient_key), as_json, output.as_sections)


@subject.command("erase")
def erase(
    patient_key: PatientKey,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", prompt="Erase all of it, for good?")],
    as_json: AsJson = False,
) -> None:
    """Erase all that is held about the patient, who is not ingested again. The hospital's archives are not touched."""
    from idh_tasks.pipelines.operate.erasure import erase as erase_person

    if yes:
        erased = erase_person(platform.open_platform(Role.ERASE), patient_key, getpass.getuser())
        output.show(erased, as_json, output.as_sections)

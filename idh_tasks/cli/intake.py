"""`idh intake`: check, name and de-identify DICOM files without a database; look after the quarantine."""

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser

intake = typer.Typer(no_args_is_help=True, help="Check, name and de-identify DICOM files; manage the quarantine.")
quarantine = typer.Typer(no_args_is_help=True, help="What was held, with code and reason.")
intake.add_typer(quarantine, name="quarantine")

Subject = Annotated[str, typer.Argument(help="As `idh intake quarantine list` prints it.")]


@intake.command("gate")
def gate(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, folders and archives.")],
    as_json: AsJson = False,
) -> None:
    """State for each file whether it would be admitted, and if not, the code and the reason."""
    from idh_tasks.offline import intake

    files = intake.files_below(paths)
    output.show_each(intake.gate_files(output.with_progress(files, "gate")), as_json)


@intake.command("classify")
def classify(
    folder: Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM files.")], as_json: AsJson = False
) -> None:
    """State for each series which MR sequence it is, with confidence and evidence."""
    from idh_tasks.offline import intake

    files = intake.files_below([folder])
    output.show_each(intake.classify(output.with_progress(files, "read")), as_json)


@intake.command("deidentify")
def deidentify(
    source: Annotated[Path, typer.Argument(exists=True, metavar="IN", help="A file or a folder of DICOM files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the de-identified files.")],
    issuer: Annotated[str, typer.Option(help="The issuer of the patient identifiers.")] = "HOSPITAL",
    as_json: AsJson = False,
) -> None:
    """De-identify by PS3.15 annex E; the same input and key give the same output. Exit code 1 if a file was refused."""
    from idh_tasks.offline import intake

    verdicts = list(intake.deidentify_files(source, out, _pseudonymiser(), issuer))
    output.show_each(verdicts, as_json)
    if any(verdict.code for verdict in verdicts):
        raise typer.Exit(1)


def _pseudonymiser() -> "Pseudonymiser":
    """Use the key of the environment, or else of the local installation."""
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
    from idh_tasks.local.installation import Installation

    return Pseudonymiser(os.environ.get("IDH_PSEUDONYM_KEY") or Installation().secrets["pseudonym_key"])


@quarantine.command("list")
def list_quarantine(
    notes: Annotated[bool, typer.Option(help="Include what was only noted (W_…).")] = False, as_json: AsJson = False
) -> None:
    """List what is held, the oldest first."""
    from idh_tasks.db import quarantine as held

    with platform.open_platform(Role.MONITOR).database.begin() as transaction:
        output.show_each(held.list_entries(transaction, notes=notes), as_json)


@quarantine.command("show")
def show(subject: Subject, as_json: AsJson = False) -> None:
    """Show everything recorded about one subject."""
    from idh_tasks.db import quarantine as held

    with platform.open_platform(Role.MONITOR).database.begin() as transaction:
        output.show_each(held.list_entries(transaction, subject, notes=True), as_json)


@quarantine.command("readmit")
def readmit(subject: Subject) -> None:
    """Let the next night try the held delivery again. Exit code 1 if there is none."""
    from idh_tasks.pipelines.operate.readmission import readmit

    deliveries = readmit(platform.open_platform(Role.INGEST), [subject], getpass.getuser())
    output.say(f"{deliveries} deliveries will be tried again")
    if not deliveries:
        raise typer.Exit(1)

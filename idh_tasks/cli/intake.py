"""`idh intake`: the gate, sequence identification and de-identification at the desk; the quarantine."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
    from idh_tasks.pipelines.platform import Platform

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")]

intake = typer.Typer(no_args_is_help=True, help="Check, name and de-identify DICOM files; look after the quarantine.")
quarantine = typer.Typer(no_args_is_help=True, help="What was held back, with code and reason.")
intake.add_typer(quarantine, name="quarantine")


def _lines(rows: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        text = json.dumps(row, default=str) if as_json else "  ".join(str(v) for v in row.values() if v is not None)
        sys.stdout.write(f"{text}\n")


def _with_bar(items: Sequence[T], what: str) -> Iterator[T]:
    """Show a progress bar on a terminal, nothing elsewhere."""
    yield from track(items, what, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


def _platform() -> "Platform":
    from idh_tasks.cli.platform import open_platform

    return open_platform()


def _pseudonymiser() -> "Pseudonymiser":
    """Use the key of the environment, else of the local installation."""
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
    from idh_tasks.local.installation import Installation

    return Pseudonymiser(os.environ.get("IDH_PSEUDONYM_KEY") or Installation().secrets["pseudonym_key"])


@intake.command("gate")
def gate(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, folders and archives.")],
    as_json: AsJson = False,
) -> None:
    """Tell for each file whether it may enter, and if not, the code and the reason."""
    from idh_tasks.offline import intake

    verdicts = intake.gate_files(_with_bar(intake.files_below(paths), "gate"))
    _lines((vars(verdict) for verdict in verdicts), as_json=as_json)


@intake.command("classify")
def classify(
    folder: Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM files.")], as_json: AsJson = False
) -> None:
    """Tell for each series which MR sequence it is, how sure that is, and why."""
    from idh_tasks.offline import intake

    found = intake.classify(_with_bar(intake.files_below([folder]), "read"))
    _lines((vars(series) for series in found), as_json=as_json)


@intake.command("deidentify")
def deidentify(
    source: Annotated[Path, typer.Argument(exists=True, metavar="IN", help="A file or a folder of DICOM files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the de-identified files go.")],
    issuer: Annotated[str, typer.Option(help="Whose patient identifiers these are.")] = "HOSPITAL",
    as_json: AsJson = False,
) -> None:
    """De-identify by PS3.15 annex E; the same input and key give the same output."""
    from idh_tasks.offline import intake

    verdicts = list(intake.deidentify_files(source, out, _pseudonymiser(), issuer))
    _lines((vars(verdict) for verdict in verdicts), as_json=as_json)
    if any(verdict.code for verdict in verdicts):
        raise typer.Exit(1)


@quarantine.command("list")
def list_quarantine(
    notes: Annotated[bool, typer.Option(help="Also what was only noted (W_…).")] = False, as_json: AsJson = False
) -> None:
    """List what is held, the oldest first."""
    from idh_tasks.db import quarantine as held

    with _platform().database.begin() as transaction:
        _lines((vars(entry) for entry in held.list_entries(transaction, notes=notes)), as_json=as_json)


@quarantine.command("show")
def show(subject: Annotated[str, typer.Argument(help="As listed.")], as_json: AsJson = False) -> None:
    """Show everything recorded of one subject."""
    from idh_tasks.db import quarantine as held

    with _platform().database.begin() as transaction:
        _lines((vars(entry) for entry in held.list_entries(transaction, subject, notes=True)), as_json=as_json)


@quarantine.command("readmit")
def readmit(subject: Annotated[str, typer.Argument(help="As listed.")]) -> None:
    """Let the next night try again the delivery from which it was held."""
    from idh_tasks.pipelines.ingest import night

    opened = night.readmit(_platform(), subject)
    sys.stdout.write(f"{len(opened)} deliveries are tried again\n")
    if not opened:
        raise typer.Exit(1)

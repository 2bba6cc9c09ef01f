"""`idh intake`: check, name and de-identify DICOM files without a database; look after the quarantine."""

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.rules import rules
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError

if TYPE_CHECKING:
    from idh_tasks.db.quarantine import RecordedEntry
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser

intake = typer.Typer(no_args_is_help=True, help="Check, name and de-identify DICOM files; manage the quarantine.")
quarantine = typer.Typer(no_args_is_help=True, help="What was held, with code and reason.")
intake.add_typer(quarantine, name="quarantine")
intake.add_typer(rules, name="rules")

VERDICT = "file  verdict  code  reason"
HEAD = ("subject", "code", "scope", "since", "state", "reason")
Subject = Annotated[str, typer.Argument(help="As `idh intake quarantine list` prints it.")]


@intake.command("gate")
def gate(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, folders and archives.")],
    as_json: AsJson = False,
) -> None:
    """State for each file whether it would be admitted, and if not, the code and the reason. Exit code 0 either way."""
    from idh_tasks.offline import intake

    files = intake.files_below(paths)
    output.show_each(intake.gate_files(output.with_progress(files, "gate")), as_json, head=VERDICT)


@intake.command("classify")
def classify(
    folder: Annotated[Path, typer.Argument(exists=True, help="A folder of DICOM files.")], as_json: AsJson = False
) -> None:
    """State for each series which MR sequence it is, with confidence and evidence. Exit code 1 if there is none."""
    from idh_tasks.offline import intake

    files = intake.files_below([folder])
    series = list(intake.classify(output.with_progress(files, "read")))
    output.show_each(series, as_json, head="series  label  sequence  confidence  evidence")
    if not any(one.series_uid for one in series):
        raise typer.Exit(1)


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
    output.show_each(verdicts, as_json, head=VERDICT)
    if any(verdict.code for verdict in verdicts):
        raise typer.Exit(1)


def _pseudonymiser() -> "Pseudonymiser":
    """Use the key of the environment, or else of the local installation."""
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
    from idh_tasks.local.installation import Installation

    return Pseudonymiser(os.environ.get("IDH_PSEUDONYM_KEY") or Installation().secrets["pseudonym_key"])


@intake.command("select")
def select(
    description: Annotated[str, typer.Option(help="StudyDescription.")] = "",
    procedure: Annotated[str, typer.Option(help="Meaning of the procedure code.")] = "",
    code: Annotated[str, typer.Option(help="Procedure code.")] = "",
    series: Annotated[list[str] | None, typer.Option(help="SeriesDescription; several times for several.")] = None,
    body_part: Annotated[str, typer.Option(help="BodyPartExamined of the series.")] = "",
    as_json: AsJson = False,
) -> None:
    """State whether a study would be picked up, and the word that decides; `ask` leaves it to its series."""
    from idh_tasks.configuration.problems import from_environment, refuse_problems
    from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy
    from idh_tasks.offline.selection import SelectionSettings, decide

    refuse_problems(os.environ)
    codes = tuple(filter(None, [code]))
    study = PacsStudy("", "", 0, description=description, procedures=(procedure,), procedure_codes=codes)
    listed = [PacsSeries(str(n), "MR", text, body_part=body_part) for n, text in enumerate(series or ())]
    settings = from_environment(SelectionSettings).intake
    output.show_each(decide(settings, study, listed), as_json, head="subject  decision  reason  word")


@intake.command("words")
def words(as_json: AsJson = False) -> None:
    """Print the tables in force, by which studies and series are picked up."""
    from idh_tasks.configuration.problems import from_environment, refuse_problems
    from idh_tasks.offline.selection import SelectionSettings, tables

    refuse_problems(os.environ)
    rows = tables(from_environment(SelectionSettings).intake)
    output.show_each(rows, as_json, head="table  decision  kind  field  words")


@intake.command("excluded")
def excluded(as_json: AsJson = False) -> None:
    """Count the studies that archives list and that are not picked up, by source and reason."""
    from idh_tasks.db import selection

    with platform.open_platform(Role.MONITOR).database.begin() as transaction:
        output.show_each(selection.counts(transaction), as_json, head="source  reason  studies")


@quarantine.command("list")
def list_quarantine(
    notes: Annotated[bool, typer.Option(help="Include what was only noted (W_…).")] = False, as_json: AsJson = False
) -> None:
    """List what is held, the oldest first."""
    from idh_tasks.db import quarantine as held

    with platform.open_platform(Role.MONITOR).database.begin() as transaction:
        output.show_each(held.list_entries(transaction, notes=notes), as_json, _entry, head=_columns(*HEAD))


@quarantine.command("show")
def show(subject: Subject, as_json: AsJson = False) -> None:
    """Show everything recorded about one subject."""
    from idh_tasks.db import quarantine as held

    with platform.open_platform(Role.MONITOR).database.begin() as transaction:
        entries = held.list_entries(transaction, subject, notes=True)
    if not entries:
        raise RunRefusedError(Code.E_NO_ENTRY, "nothing is recorded about this subject")
    output.show_each(entries, as_json, _entry, head=_columns(*HEAD))


def _entry(entry: "RecordedEntry") -> str:
    state = f"readmitted {entry.readmitted_at:%Y-%m-%d}" if entry.readmitted_at else "held"
    return _columns(entry.subject, entry.code, entry.scope, f"{entry.created_at:%Y-%m-%d}", state, entry.reason)


def _columns(subject: str, code: str, scope: str, since: str, state: str, reason: str) -> str:
    return f"{subject:24}  {code:24}  {scope:9}  {since:10}  {state:21}  {reason}"


@quarantine.command("readmit")
def readmit(subject: Subject) -> None:
    """Let the next night try the held delivery again."""
    from idh_tasks.pipelines.operate.readmission import readmit

    deliveries = readmit(platform.open_platform(Role.INGEST), [subject], getpass.getuser())
    if not deliveries:
        raise RunRefusedError(Code.E_NO_ENTRY, "no held delivery has this subject")
    output.say(f"{deliveries} deliveries will be tried again")

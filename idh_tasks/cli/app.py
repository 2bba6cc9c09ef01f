"""Run the IDH platform and its stages, on one machine or against the hospital's services.

Exit codes: 0 success; 1 refused, the message names the code; 2 wrong usage: an unknown command or option, a value or a
path that is not accepted, or a setting that is unknown or not valid; 70 an unforeseen error (`E_UNEXPECTED`); 75 failed
for now, try again later.

An id that does not exist is refused with 1: `E_NO_ENTRY`, or the code of its kind (`E_NO_PATIENT`, `E_NO_REPORT`,
`E_NO_RUN`, `E_NO_CHAMPION`). A path that does not exist ends with 2.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.audit import audit
from idh_tasks.cli.check import check
from idh_tasks.cli.imaging import imaging
from idh_tasks.cli.intake import intake
from idh_tasks.cli.learn import learn
from idh_tasks.cli.linkage import linkage
from idh_tasks.cli.local import local
from idh_tasks.cli.mllp import mllp
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.plan import plan
from idh_tasks.cli.run import run
from idh_tasks.cli.subject import subject
from idh_tasks.cli.work import work
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import IdhError, RunRefusedError, TransientError, as_idh_error

if TYPE_CHECKING:
    from idh_tasks.pipelines.operate.summary import Summary

TRY_AGAIN, UNFORESEEN = 75, 70
WRONG_USAGE = 2
USAGE = (Code.E_PATH, Code.E_ARGUMENT, Code.E_SETTINGS)
"""Codes of what the user has written wrongly."""
ALWAYS = ("down",)
"""Commands that work whatever the settings are."""

cli = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, add_completion=False)
cli.add_typer(local)
cli.add_typer(run, name="run")
cli.add_typer(intake, name="intake")
cli.add_typer(linkage, name="linkage")
cli.add_typer(imaging, name="imaging")
cli.add_typer(learn, name="learn")
cli.add_typer(subject, name="subject")
cli.add_typer(audit, name="audit")
cli.add_typer(work, name="work")
cli.command()(mllp)
cli.command()(check)
cli.command()(plan)


def app() -> None:
    """Run the command line; an error of the platform becomes one line and an exit code."""
    try:
        cli()
    except IdhError as error:
        _end(error)
    except Exception as error:  # the text of a library's error may contain patient data
        _end(_path_error(error) or as_idh_error(error))


def _end(error: IdhError) -> NoReturn:
    output.note(str(error))
    sys.exit(_exit_code(error))


def _path_error(error: Exception) -> RunRefusedError | None:
    """Return the fault of a file or folder; only a path that stands in the command is repeated."""
    if not isinstance(error, OSError) or error.filename is None:
        return None
    given = [word for word in sys.argv[1:] if word.strip("./") and str(error.filename).startswith(word)]
    return RunRefusedError(Code.E_PATH, ": ".join([*given[:1], error.strerror or type(error).__name__]))


def _exit_code(error: IdhError) -> int:
    if error.code in USAGE:
        return WRONG_USAGE
    if error.code is Code.E_UNEXPECTED:
        return UNFORESEEN
    return TRY_AGAIN if isinstance(error, TransientError) else 1


@cli.callback(help=__doc__)
def before(context: typer.Context) -> None:
    """Refuse variables that are unknown or not valid."""
    if context.invoked_subcommand not in ALWAYS and any(name.upper().startswith("IDH_") for name in os.environ):
        from idh_tasks.configuration.problems import refuse_problems

        refuse_problems(os.environ)


@cli.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder to write the cohort to.")],
    patients: Annotated[int, typer.Option(min=1, help="Number of patients.")] = 40,
    mutants: Annotated[int, typer.Option(min=0, help="How many of them are IDH-mutant.")] = 14,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same cohort.")] = 7,
    from_nifti: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Build around real anatomy: folders with *_t1, *_t1ce, *_t2, *_flair, *_seg.nii.gz.",
        ),
    ] = None,
) -> None:
    """Write a synthetic cohort: DICOM studies, ROIs, pathology.csv, and truth.json with the ground truth."""
    from idh_tasks.phantom.cohort import CohortPlan, write_cohort

    written = write_cohort(out, CohortPlan(patients, mutants, seed, from_nifti))
    for _ in output.with_progress(written, "patients", patients):
        pass


@cli.command()
def report(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the HTML report here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name the latest promoted run and summarise what the platform holds; with --out, write the report of that run."""
    from idh_tasks.pipelines.operate.summary import summarise

    opened = platform.open_platform(Role.MONITOR)
    summary = summarise(opened)
    if out is not None:
        out.write_bytes(opened.store.get(_report_of(summary)))
    shown = {"run_id": summary.run_id, **vars(summary)}
    output.show({name: value for name, value in shown.items() if name not in ("folds", "results")}, as_json, _summary)


def _report_of(summary: "Summary") -> str:
    if summary.report_key is None:
        raise RunRefusedError(Code.E_NO_RUN, "no run has been promoted yet, so there is no report")
    return summary.report_key


def _summary(shown: dict[str, object]) -> str:
    """Return the latest run first, then the counts, a line for each."""
    lines = [f"latest run: {shown['run_id'] or 'none has been promoted yet'}"]
    lines += [f"report: {shown['report_key']}"] if shown["report_key"] else []
    lines += [f"not trained: {shown['not_trained']}"] if shown["not_trained"] else []
    for name, counts in shown.items():
        if isinstance(counts, dict):
            told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
            lines.append(f"{name.replace('_', ' ')}: {told or 'none'}")
    return "\n".join(lines)


@cli.command()
def migrate(
    url: Annotated[
        str | None, typer.Option(envvar="IDH_DATABASE_URL", help="SQLAlchemy URL of a PostgreSQL database.")
    ] = None,
) -> None:
    """Bring the database to the newest schema."""
    from idh_tasks.db.engine import Database

    (Database(url) if url is not None else platform.open_platform(Role.OWNER).database).migrate()

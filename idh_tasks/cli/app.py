"""Run the IDH platform and its stages, on one machine or against the hospital's services.

Exit codes: 0 success; 1 refused, the message names the code; 2 wrong usage; 75 failed for now, try again later.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.audit import audit
from idh_tasks.cli.imaging import imaging
from idh_tasks.cli.intake import intake
from idh_tasks.cli.learn import learn
from idh_tasks.cli.linkage import linkage
from idh_tasks.cli.local import local
from idh_tasks.cli.mllp import mllp
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.run import run
from idh_tasks.cli.subject import subject
from idh_tasks.domain.role import Role
from idh_tasks.errors import IdhError, TransientError

TRY_AGAIN = 75

cli = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, add_completion=False)
cli.add_typer(local)
cli.add_typer(run, name="run")
cli.add_typer(intake, name="intake")
cli.add_typer(linkage, name="linkage")
cli.add_typer(imaging, name="imaging")
cli.add_typer(learn, name="learn")
cli.add_typer(subject, name="subject")
cli.add_typer(audit, name="audit")
cli.command()(mllp)


def app() -> None:
    """Run the command line; an error of the platform becomes one line and an exit code."""
    try:
        cli()
    except IdhError as error:
        output.note(str(error))
        sys.exit(TRY_AGAIN if isinstance(error, TransientError) else 1)


@cli.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder to write the cohort to.")],
    patients: Annotated[int, typer.Option(help="Number of patients.")] = 40,
    mutants: Annotated[int, typer.Option(help="How many of them are IDH-mutant.")] = 14,
    seed: Annotated[int, typer.Option(help="The same seed gives the same cohort.")] = 7,
    from_nifti: Annotated[
        Path | None,
        typer.Option(help="Build around real anatomy: folders with *_t1, *_t1ce, *_t2, *_flair, *_seg.nii.gz."),
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
    """Summarise what the platform holds; with --out, write the latest training report."""
    from idh_tasks.pipelines.operate.summary import summarise

    opened = platform.open_platform(Role.MONITOR)
    summary = summarise(opened)
    if out is not None and summary.report_key is not None:
        out.write_bytes(opened.store.get(summary.report_key))
    output.show({name: value for name, value in vars(summary).items() if name not in ("folds", "results")}, as_json)


@cli.command()
def migrate(
    url: Annotated[str | None, typer.Option(envvar="IDH_DATABASE_URL", help="SQLAlchemy URL of the database.")] = None,
) -> None:
    """Bring the database to the newest schema."""
    from idh_tasks.db.engine import Database

    (Database(url) if url else platform.open_platform(Role.OWNER).database).migrate()

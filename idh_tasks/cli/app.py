"""The `idh` command line: the platform at a scientist's desk and in an operator's shell.

Exit codes: 0 done, 1 refused (the message names the code and the remedy), 75 failed for now, try again.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from idh_tasks.cli.audit import audit
from idh_tasks.cli.imaging import imaging
from idh_tasks.cli.intake import intake
from idh_tasks.cli.learn import learn
from idh_tasks.cli.linkage import linkage
from idh_tasks.cli.platform import open_platform
from idh_tasks.cli.subject import subject
from idh_tasks.errors import IdhError, TransientError

if TYPE_CHECKING:
    from idh_tasks.local.installation import Installation

TRY_AGAIN = 75

cli = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, add_completion=False)
run = typer.Typer(no_args_is_help=True, help="Run a stage without Airflow, on the same database and store.")
cli.add_typer(run, name="run")
cli.add_typer(intake, name="intake")
cli.add_typer(linkage, name="linkage")
cli.add_typer(imaging, name="imaging")
cli.add_typer(learn, name="learn")
cli.add_typer(subject, name="subject")
cli.add_typer(audit, name="audit")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


class Source(StrEnum):
    """Where ingest looks."""

    ALL = "all"
    PACS = "pacs"
    DICOMWEB = "dicomweb"
    BUCKET = "bucket"


def app() -> None:
    """Run the command line; our own errors become a line and an exit code."""
    try:
        cli()
    except IdhError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(TRY_AGAIN if isinstance(error, TransientError) else 1)


def _print(content: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(content, default=str) + "\n")
        return
    for name, value in content.items():
        sys.stdout.write(f"{name}: {value}\n")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _installation() -> "Installation":
    from idh_tasks.local.installation import open_installation

    return open_installation()


@cli.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder to write the cohort to.")],
    patients: Annotated[int, typer.Option(help="How many patients.")] = 40,
    mutants: Annotated[int, typer.Option(help="How many of them are IDH-mutant.")] = 14,
    seed: Annotated[int, typer.Option(help="The same seed gives the same cohort.")] = 7,
    from_nifti: Annotated[
        Path | None,
        typer.Option(help="Build around real anatomy: folders with *_t1, *_t1ce, *_t2, *_flair, *_seg.nii.gz."),
    ] = None,
) -> None:
    """Write a synthetic cohort: DICOM studies, ROIs, pathology.csv and truth.json with every truth."""
    from rich.progress import Progress

    from idh_tasks.phantom.cohort import CohortPlan, write_cohort

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        task = bars.add_task("patients", total=patients)
        for done in write_cohort(out, CohortPlan(patients, mutants, seed, from_nifti)):
            bars.update(task, completed=done)


@cli.command()
def up() -> None:
    """Start PostgreSQL, S3, Orthanc and Airflow on loopback; data lie below .idh/."""
    from idh_tasks.local import airflow
    from idh_tasks.local import up as platform_up

    installation = _installation()
    platform_up.up(installation, _say)
    login = {"login": airflow.USER, "password": installation.secrets["admin_password"]}
    _print({"airflow": airflow.base_url(installation), **login}, as_json=False)


@cli.command()
def down() -> None:
    """Stop everything that `idh up` started; data stay."""
    from idh_tasks.local import up as platform_up

    platform_up.down(_installation(), _say)


@cli.command()
def status(as_json: AsJson = False) -> None:
    """Tell which parts run and how far each stage has come."""
    from idh_tasks.local import up as platform_up
    from idh_tasks.pipelines.operate.summary import progress

    parts: dict[str, object] = {
        name: "up" if runs else "down" for name, runs in platform_up.status(_installation()).items()
    }
    if parts["postgres"] == "up":
        parts.update(progress(open_platform()))
    _print(parts, as_json)


@cli.command()
def demo(
    cohort: Annotated[Path | None, typer.Option(help="Your own cohort: studies/NAME/*.dcm and pathology.csv.")] = None,
    patients: Annotated[int, typer.Option(help="Patients of the synthetic cohort.")] = 40,
    mutants: Annotated[int, typer.Option(help="Mutants of the synthetic cohort.")] = 14,
    epochs: Annotated[int, typer.Option(help="Epochs a network; the paper's are 500.")] = 150,
) -> None:
    """Bring everything up, deliver a cohort, let Airflow run the night, and tell what happened."""
    from idh_tasks.local.demo import DemoPlan, run_demo

    logging.disable(logging.INFO)
    run_demo(
        _installation(),
        DemoPlan(cohort, patients, mutants, epochs),
        Console(width=None if sys.stdout.isatty() else 118),
    )


@cli.command()
def report(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the HTML report here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Summarise what the platform holds; write the latest training report."""
    from idh_tasks.pipelines.operate.summary import summarise

    platform = open_platform()
    summary = summarise(platform)
    if out is not None and summary.report_key is not None:
        out.write_bytes(platform.store.get(summary.report_key))
    _print({name: value for name, value in vars(summary).items() if name not in ("folds", "results")}, as_json)


@cli.command()
def migrate(
    url: Annotated[str | None, typer.Option(envvar="IDH_DATABASE_URL", help="SQLAlchemy URL of the database.")] = None,
) -> None:
    """Bring the database to the newest schema."""
    from idh_tasks.db.engine import Database

    (Database(url) if url else open_platform().database).migrate()


@cli.command("compose-secrets")
def compose_secrets(
    out: Annotated[Path, typer.Argument(help="Folder for the files.")] = Path("docker/secrets"),
) -> None:
    """Generate the secret files of docker/compose.yaml; a folder that holds any is left alone."""
    from idh_tasks.local.compose import write_secrets

    for name in write_secrets(out):
        _say(f"wrote {out / name}")


@run.command("ingest")
def run_ingest(
    source: Annotated[Source, typer.Option(help="Where to look.")] = Source.ALL,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ask the PACS from this study date.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Discover, retrieve, gate, pseudonymise, name and store new studies."""
    from idh_tasks.pipelines.ingest import night
    from idh_tasks.pipelines.ingest.sources import SOURCES

    sources = tuple(SOURCES) if source is Source.ALL else (source.value,)
    changed = night.ingest(open_platform(), sources, since.date() if since else None)
    _print({"new": changed}, as_json)


@run.command("link")
def run_link(as_json: AsJson = False) -> None:
    """Load pathology results and link them to studies."""
    from idh_tasks.pipelines.link import cases

    _print({"new": cases.link(open_platform())}, as_json)


@run.command("preprocess")
def run_preprocess(as_json: AsJson = False) -> None:
    """Cut the patches of every study that has none of the current version."""
    from idh_tasks.pipelines.preprocess import batch

    _print(batch.preprocess(open_platform()), as_json)


@run.command("train")
def run_train(as_json: AsJson = False) -> None:
    """Cross-validate every sequence, write the report, promote."""
    from idh_tasks.pipelines.train.run import train

    due = train(open_platform())
    _print({"run": due.run_id, "reason": due.reason}, as_json)


@run.command("predict")
def run_predict(as_json: AsJson = False) -> None:
    """Predict every current patch with its champion."""
    from idh_tasks.pipelines.predict import batch

    _print({"predictions": batch.predict(open_platform())}, as_json)

"""`idh up`, `down`, `status`, `demo` and `compose-secrets`: the platform on this machine."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

WIDTH = 118
"""Columns of the demo's output where it is no terminal."""

local = typer.Typer()


@local.command()
def up() -> None:
    """Start PostgreSQL, S3, Orthanc and Airflow on loopback; data are kept below .idh/."""
    from idh_tasks.local import airflow
    from idh_tasks.local import up as services
    from idh_tasks.local.installation import open_installation

    installation = open_installation()
    services.up(installation, output.note)
    password = installation.secrets["admin_password"]
    shown = {"airflow": airflow.base_url(installation), "login": airflow.USER, "password": password}
    shown["users of the other roles"] = str(airflow.passwords_file(installation))
    output.show(shown, as_json=False)


@local.command()
def down() -> None:
    """Stop everything that `idh up` started; data are kept."""
    from idh_tasks.local import up as services
    from idh_tasks.local.installation import open_installation

    services.down(open_installation(), output.note)


@local.command()
def status(as_json: AsJson = False) -> None:
    """Show which services are running and how far each stage has come."""
    from idh_tasks.local import up as services
    from idh_tasks.local.installation import open_installation
    from idh_tasks.pipelines.operate.summary import progress

    running = services.status(open_installation())
    states: dict[str, object] = {name: "up" if runs else "down" for name, runs in running.items()}
    counts = progress(platform.open_platform(Role.MONITOR)) if running["postgres"] else {}
    output.show({**states, **counts}, as_json)


@local.command()
def demo(
    cohort: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Your own cohort: studies/NAME/*.dcm and pathology.csv."),
    ] = None,
    patients: Annotated[int, typer.Option(min=1, help="Patients of the synthetic cohort.")] = 40,
    mutants: Annotated[int, typer.Option(min=0, help="Mutants of the synthetic cohort.")] = 14,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs per network; the paper's are 500.")] = 150,
) -> None:
    """Start everything, deliver a cohort, let Airflow run the night, and report the results."""
    from idh_tasks.local.demo import DemoPlan, run_demo
    from idh_tasks.local.installation import open_installation

    logging.disable(logging.INFO)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    run_demo(open_installation(), DemoPlan(cohort, patients, mutants, epochs), console)


@local.command("compose-secrets")
def compose_secrets(
    out: Annotated[Path, typer.Argument(help="Folder for the files.")] = Path("docker/secrets"),
) -> None:
    """Generate the secret files of docker/compose.yaml; a folder that is not empty is left alone."""
    from idh_tasks.local.compose import write_secrets

    for name in write_secrets(out):
        output.note(f"wrote {out / name}")

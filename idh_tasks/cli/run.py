"""`idh run`: the stages without Airflow, on the platform's database and store."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import SettingsRefusedError

run = typer.Typer(no_args_is_help=True, help="Run a stage without Airflow, on the same database and store.")


class Source(StrEnum):
    """A source that ingest reads, or all of them."""

    ALL = "all"
    PACS = "pacs"
    DICOMWEB = "dicomweb"
    BUCKET = "bucket"


@run.command()
def ingest(
    source: Annotated[Source, typer.Option(help="Where to look.")] = Source.ALL,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ask the PACS from this study date on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Discover, retrieve, check, de-identify, name and store new studies."""
    from idh_tasks.pipelines.ingest import night
    from idh_tasks.pipelines.ingest.sources import SOURCES

    opened = platform.open_platform(Role.INGEST)
    if source is not Source.ALL and not SOURCES[source.value].is_configured(opened):
        raise SettingsRefusedError(Code.E_SETTINGS, f"the source {source.value} is not configured")
    sources = tuple(SOURCES) if source is Source.ALL else (source.value,)
    changed = night.ingest(opened, sources, since.date() if since else None)
    output.show({"new": changed}, as_json)


@run.command()
def backfill(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First study date; without it, go on.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last study date.")] = None,
    source: Annotated[Source, typer.Option(help="The archive.")] = Source.PACS,
    slice_days: Annotated[int, typer.Option(min=1, help="Days that are listed at a time.")] = 31,
    priority: Annotated[int, typer.Option(min=1, max=9, help="Lower numbers are fetched first.")] = 1,
    plan: Annotated[bool, typer.Option("--plan", help="Only count: how many, how large, how long.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch years of an archive in the quiet hours; ends with them, and goes on where it ended."""
    from idh_tasks.pipelines.ingest import backfill_steps

    opened = platform.open_platform(Role.INGEST)
    dates = {name: day.date().isoformat() if day else None for name, day in (("since", since), ("until", until))}
    form = {**dates, "source": source.value, "slice_days": slice_days, "priority": priority, "dry_run": plan}
    planned = backfill_steps.plan(opened, form)
    evening = backfill_steps.proceed(opened, lambda _: False) if planned["ordered"] else None
    output.show({"plan": planned["sentence"], "evening": evening["sentence"] if evening else None}, as_json)


@run.command()
def link(as_json: AsJson = False) -> None:
    """Load pathology results and link them to studies."""
    from idh_tasks.pipelines.link import cases

    output.show({"new": cases.link(platform.open_platform(Role.LINK))}, as_json)


@run.command()
def preprocess(as_json: AsJson = False) -> None:
    """Cut the patches of every study that has none of the current version."""
    from idh_tasks.pipelines.preprocess import batch

    output.show(batch.preprocess(platform.open_platform(Role.PREPROCESS)), as_json)


@run.command()
def train(as_json: AsJson = False) -> None:
    """Cross-validate every sequence, write the report, and promote without asking a person."""
    from idh_tasks.pipelines.train.run import train as train_due

    due = train_due(platform.open_platform(Role.TRAIN))
    output.show({"run": due.run_id, "reason": due.reason}, as_json)


@run.command()
def evaluate(
    run_id: Annotated[str, typer.Argument(help="A training run, as `idh report` names it.")], as_json: AsJson = False
) -> None:
    """Write the report of a training run again, for example after a patient in it was erased."""
    from idh_tasks.pipelines.train import evaluate as evaluation

    output.show({"report": evaluation.evaluate(platform.open_platform(Role.TRAIN), run_id)}, as_json)


@run.command()
def predict(as_json: AsJson = False) -> None:
    """Predict every current patch with its champion."""
    from idh_tasks.pipelines.predict import batch

    output.show({"predictions": batch.predict(platform.open_platform(Role.PREDICT))}, as_json)

"""
### Backfill studies

Years of an archive, fetched in the quiet hours: start it with a first and a last study date. It counts first, and with
*dry run* it only counts: how many studies, how large they are, how long they will take by the retrieves so far.
Otherwise the order is kept, cut into slices, and in each quiet hour a run goes on with it, the newest studies first,
until it is finished. `idh run backfill` does the same at a terminal; `--plan` only counts.

A study is ingested as at night, one at a time. A run ends when the quiet hours end, while `ingest_studies` is running,
and within half an hour before it is due: it does not wait, because it would keep the worker from the night. Studies
that wait for a backfill are passed over by the nights.

**Sources**: Connection `idh_pacs` or `idh_dicomweb`.

**Writes**: `idh.backfill`, `idh.backfill_slice` (each with its counts and state), and what `ingest_studies` writes.

**When it is red**: `plan` could not list the archive, or another backfill is not finished (`E_BACKFILL`). `fetch` ended
after several studies in a row had failed: test the source, then clear the task, or wait for the next run. Nothing is
fetched twice.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, dag
from idh_airflow.assets import STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import BACKFILL_CRON, DAG_DEFAULTS
from idh_airflow.schedules import evenings, night_is_due
from idh_airflow.sentences import fetched, planned
from idh_airflow.steps import new_unless_empty, skip_unless, step

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.ingest.backfill_steps import EveningCounts, PlanCounts

ROLE = Role.INGEST
DATE: dict[str, Any] = {"type": ["null", "string"], "format": "date"}


@dag(
    schedule=evenings(BACKFILL_CRON),
    doc_md=__doc__,
    dag_display_name="Backfill studies",
    params={
        "since": Param(None, **DATE, description="First study date; empty goes on with what is not finished."),
        "until": Param(None, **DATE, description="Last study date."),
        "slice_days": Param(31, type="integer", minimum=1, description="Days that are listed at a time."),
        "source": Param("pacs", type="string", enum=["pacs", "dicomweb"], description="The archive."),
        "priority": Param(1, type="integer", minimum=1, maximum=9, description="Lower numbers are fetched first."),
        "dry_run": Param(True, type="boolean", description="Only count."),
    },
    **DAG_DEFAULTS,
)
def backfill_studies() -> None:
    """Plan → fetch until the quiet hours end."""

    @step(planned, pool="pacs")
    def plan(params: dict[str, Any]) -> "PlanCounts":
        from idh_tasks.pipelines.ingest import backfill_steps

        return backfill_steps.plan(platform(ROLE), params)

    @step(fetched, outlets=[STUDIES], execution_timeout=timedelta(hours=11))
    def fetch(planned: "PlanCounts") -> "EveningCounts":
        from idh_tasks.pipelines.ingest import backfill_steps

        skip_unless(planned["ordered"], "it was only counted")
        evening = backfill_steps.proceed(platform(ROLE), night_is_due)
        return new_unless_empty(evening, "no backfill is left unfinished")

    fetch(plan())


backfill_studies()

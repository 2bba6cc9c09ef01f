"""
### Ingest studies

Every night: list the drop bucket, the PACS and the DICOMweb archive, retrieve what is new, gate every
instance, take all identifiers away, name every series, and store the study.

**Sources**: Connections `idh_store` (S3), `idh_pacs` (DICOM) and `idh_dicomweb`; one that is away does not
hold the others back. With `IDH_PACS_CHANGES` naming a Connection to an Orthanc, a study is fetched minutes
after it is complete there, and not only at night.

**Writes**: `idh.study`, `idh.series`, `idh.instance`, `idh.quarantine`, `idh.ingest_night`; identifiers go to
schema `phi` only.

**When it is red**: `reconcile` names how many deliveries have no outcome and which source was away or
listed nothing; `phi.inbox` says why, `idh.ingest_night` keeps the balance of every night. Fix the cause and
clear the run: what is done stays done. `idh intake quarantine list` shows what is held.
"""

from typing import TYPE_CHECKING

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, Param, dag
from idh_airflow.assets import ARRIVALS, STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, INGEST_CRON
from idh_airflow.steps import skip_unless, step

if TYPE_CHECKING:
    from idh_tasks.pipelines.batches import Batch
    from idh_tasks.pipelines.ingest.discovery import Discovery


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(INGEST_CRON, timezone="UTC"), assets=[ARRIVALS]),
    doc_md=__doc__,
    params={
        "source": Param("all", type="string", enum=["all", "bucket", "pacs", "dicomweb"], description="Where to look."),
    },
    **DAG_DEFAULTS,
)
def ingest_studies() -> None:
    """Discover → ingest in batches → reconcile."""

    @step(pool="pacs")
    def discover(params: dict[str, str]) -> "Discovery":
        from idh_tasks.pipelines.ingest.discovery import discover
        from idh_tasks.pipelines.ingest.sources import SOURCES

        sources = tuple(SOURCES) if params["source"] == "all" else (params["source"],)
        return discover(platform(), sources)

    @step()
    def batches(discovery: "Discovery") -> "list[Batch]":
        return discovery["batches"]

    @step(map_index_template="{{ task.op_kwargs['batch']['label'] }}")
    def ingest_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.ingest.batch import ingest_batch

        return ingest_batch(platform(), batch["ids"])

    @step(trigger_rule="all_done", outlets=[STUDIES], retries=0)
    def reconcile(discovery: "Discovery") -> None:
        from idh_tasks.pipelines.ingest.reconciliation import reconcile

        skip_unless(reconcile(platform(), discovery), "nothing new tonight")

    found = discover()
    ingest_batch.expand(batch=batches(found)) >> reconcile(found)


ingest_studies()

"""
### Ingest studies

Every night: list the drop bucket, the PACS and the DICOMweb archive, retrieve what is new and shows a head, check every
instance, remove all identifiers, name every series, and store the study. Patients with a result are asked for by
identifier. What is not picked up is counted with its reason.

**Sources**: Connections `idh_store`, `idh_pacs` and `idh_dicomweb`; if one is unreachable, the others are read. With
`IDH_PACS_CHANGES`, the Connection to an Orthanc, a study is also fetched within minutes of being complete there.
`check_archives` lists a part of each archive in full, which must add up.

**Writes**: `idh.study`, `idh.series`, `idh.study_header`, `idh.quarantine`, tables of nights and archives; identifiers
go to schema `phi` only. The head of the audit log goes to `audit/` in the object store.

**When it is red**: `reconcile` reports how many deliveries have no outcome and which source was unreachable or listed
nothing; see `phi.inbox`. `check_archives` names a period that does not add up (`E_LEDGER`). Fix the cause and clear the
run; finished deliveries are not repeated. `idh intake quarantine list` shows what is held.
"""

from typing import TYPE_CHECKING

from airflow.sdk import Param, dag
from idh_airflow.assets import ARRIVALS, STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, INGEST_CRON
from idh_airflow.schedules import timed
from idh_airflow.sentences import listed
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.ingest.discovery import Discovery

ROLE = Role.INGEST
LABEL = "{{ task.op_kwargs['batch']['label'] }}"


@dag(
    schedule=timed(INGEST_CRON, ARRIVALS),
    doc_md=__doc__,
    dag_display_name="Ingest studies",
    params={"source": Param("all", type="string", enum=["all", "bucket", "pacs", "dicomweb"], description="Source.")},
    **DAG_DEFAULTS,
)
def ingest_studies() -> None:
    """Discover → ingest in batches → reconcile; beside it, list a part of the archives in full."""

    @step(listed, pool="pacs")
    def discover(params: dict[str, str]) -> "Discovery":
        from idh_tasks.pipelines.ingest.discovery import discover
        from idh_tasks.pipelines.ingest.sources import SOURCES

        sources = tuple(SOURCES) if params["source"] == "all" else (params["source"],)
        return discover(platform(ROLE), sources)

    @step("Batches of deliveries: {}.")
    def batches(discovery: "Discovery") -> list[object]:
        return [batch for batch in discovery["batches"] if batch["source"] != "pacs"]

    @step("Batches of studies of the PACS: {}.")
    def pacs_batches(discovery: "Discovery") -> list[object]:
        return [batch for batch in discovery["batches"] if batch["source"] == "pacs"]

    @step("Deliveries: {}.", map_index_template=LABEL)
    def ingest_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.ingest.batch import ingest_batch

        return ingest_batch(platform(ROLE), batch["ids"])

    @step("Studies of the PACS: {}.", map_index_template=LABEL, pool="pacs")
    def retrieve_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.ingest.batch import ingest_batch

        return ingest_batch(platform(ROLE), batch["ids"])

    @step("New: {}.", trigger_rule="all_done", outlets=[STUDIES], retries=0)
    def reconcile(discovery: "Discovery") -> dict[str, int]:
        from idh_tasks.pipelines.ingest.reconciliation import reconcile

        return new_unless_empty({"studies": reconcile(platform(ROLE), discovery)}, "no study is new")

    @step("Listed in full: {}.", pool="pacs")
    def check_archives() -> dict[str, int]:
        from idh_tasks.pipelines.ingest.ledger import check_archives

        return new_unless_empty(vars(check_archives(platform(ROLE))), "nothing was listed in full")

    discovery = discover()
    discovery >> check_archives()
    ingested = ingest_batch.expand(batch=batches(discovery))
    retrieved = retrieve_batch.expand(batch=pacs_batches(discovery))
    [ingested, retrieved] >> reconcile(discovery)


ingest_studies()

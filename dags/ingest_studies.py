"""
### Ingest studies

Every night: list bucket and archives; retrieve, check, de-identify, name and store what is new and shows a head.

**Sources**: Connections `idh_store`, `idh_pacs` and `idh_dicomweb`; if one is unreachable, the others are read.

**Writes**: `idh.study`, `idh.series`, `idh.study_header`, `idh.quarantine`, nights; identifiers to `phi` only.

**When it is red**: what succeeded is announced, what failed is tried again; `reconcile` and `check_archives` say why.
"""

from typing import TYPE_CHECKING

from airflow.sdk import Param, dag
from idh_airflow.assets import ARRIVALS, STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, INGEST_CRON
from idh_airflow.schedules import timed
from idh_airflow.sentences import balanced, listed, reconciled
from idh_airflow.steps import is_last_try, new_unless_empty, step

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.ingest.discovery import Discovery
    from idh_tasks.pipelines.ingest.verdict import NightEnd

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
    """Discover → ingest in batches → balance → announce → reconcile; beside it, list a part of the archives."""

    @step(listed, pool="pacs")
    def discover(params: dict[str, str]) -> "Discovery":
        from idh_tasks.pipelines.ingest.discovery import discover
        from idh_tasks.pipelines.ingest.sources import SOURCES

        return discover(platform(ROLE), tuple(SOURCES) if params["source"] == "all" else (params["source"],))

    @step("Batches of deliveries: {}.")
    def batches(discovery: "Discovery") -> list[object]:
        return [one for one in discovery["batches"] if one["source"] != "pacs"]

    @step("Batches of studies of the PACS: {}.")
    def pacs_batches(discovery: "Discovery") -> list[object]:
        return [one for one in discovery["batches"] if one["source"] == "pacs"]

    @step("Deliveries: {}.", map_index_template=LABEL)
    def ingest_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.ingest.batch import ingest_batch

        return ingest_batch(platform(ROLE), batch["ids"], last_try=is_last_try())

    @step("Studies of the PACS: {}.", map_index_template=LABEL, pool="pacs")
    def retrieve_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.ingest.batch import ingest_batch

        return ingest_batch(platform(ROLE), batch["ids"], last_try=is_last_try())

    @step(balanced, trigger_rule="all_done")
    def balance(discovery: "Discovery") -> "NightEnd":
        from idh_tasks.pipelines.ingest.reconciliation import balance

        return balance(platform(ROLE), discovery)

    @step("New: {}.", outlets=[STUDIES])
    def announce(night: "NightEnd") -> dict[str, int]:
        return new_unless_empty({"studies": night["studies"]}, "no study is new")

    @step(reconciled, retries=0)
    def reconcile(night: "NightEnd") -> "NightEnd":
        from idh_tasks.pipelines.ingest.reconciliation import reconcile

        return reconcile(night)

    @step("Listed in full: {}.", pool="pacs")
    def check_archives() -> dict[str, int]:
        from idh_tasks.pipelines.ingest.ledger import check_archives

        return new_unless_empty(vars(check_archives(platform(ROLE))), "nothing was listed in full")

    discovery = discover()
    discovery >> check_archives()
    parts = [ingest_batch.expand(batch=batches(discovery)), retrieve_batch.expand(batch=pacs_batches(discovery))]
    night = balance(discovery)
    parts >> night
    announce(night) >> reconcile(night)


ingest_studies()

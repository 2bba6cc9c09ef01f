"""A whole night of ingest without Airflow."""

from datetime import date

from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.ledger import check_archives
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.archives import ARCHIVES
from idh_tasks.pipelines.platform import Platform


def ingest(platform: Platform, sources: tuple[str, ...] = tuple(SOURCES), since: date | None = None) -> bool:
    """Run the whole night; return whether anything new was ingested.

    Raises
    ------
    TransientError
        As `discover`.
    RunRefusedError
        As `discover`, `reconcile` and `check_archives`.
    """
    discovery = discover(platform, sources, since)
    for batch in discovery["batches"]:
        ingest_batch(platform, batch["ids"], last_try=True)
    night = reconcile(balance(platform, discovery))
    if set(sources) & set(ARCHIVES):
        check_archives(platform)
    return night["studies"] > 0

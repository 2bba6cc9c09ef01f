"""The PACS, queried by C-FIND and read by C-GET or C-MOVE."""

from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport.find import find_studies, list_study
from idh_tasks.intake.transport.retrieve import retrieve
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from idh_tasks.pipelines.ingest.fetched import FetchedFiles, delivered
from idh_tasks.pipelines.ingest.sources.items import query_window, study_items
from idh_tasks.pipelines.platform import Platform


def list_items(platform: Platform, since: date | None) -> list[InboxItem]:
    """List the studies of the PACS that are new or may have grown."""
    pacs = platform.pacs
    if pacs is None:
        return []
    return study_items(platform, "pacs", find_studies(pacs, *query_window(platform, "pacs", since)))


def fetch(platform: Platform, item: InboxItem) -> FetchedFiles:
    """Retrieve a study.

    Raises
    ------
    RunRefusedError
        ``E_PREFLIGHT`` if the PACS is no longer configured.
    """
    pacs = platform.pacs
    if pacs is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the PACS of this delivery is no longer configured")
    contents = list_study(pacs, item.locator)
    received = ReceivedFiles(Spool())
    retrieve(pacs, item.locator, contents.instances, received)
    return FetchedFiles(delivered(received), item.locator, contents.patients)

"""The DICOMweb archive, queried by QIDO-RS and read by WADO-RS."""

from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport import dicomweb
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from idh_tasks.pipelines.ingest.fetched import FetchedFiles, delivered
from idh_tasks.pipelines.ingest.sources.items import query_window, study_items
from idh_tasks.pipelines.platform import Platform


def list_items(platform: Platform, since: date | None) -> list[InboxItem]:
    """List the studies of the archive that are new or may have grown."""
    archive = platform.settings.dicomweb
    if archive is None:
        return []
    studies = dicomweb.find_studies(archive, *query_window(platform, "dicomweb", since))
    return study_items(platform, "dicomweb", studies)


def fetch(platform: Platform, item: InboxItem) -> FetchedFiles:
    """Retrieve a study.

    Raises
    ------
    RunRefusedError
        ``E_PREFLIGHT`` if the archive is no longer configured.
    """
    archive = platform.settings.dicomweb
    if archive is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the DICOMweb archive of this delivery is no longer configured")
    received = ReceivedFiles(Spool())
    dicomweb.retrieve(archive, item.locator, received)
    return FetchedFiles(delivered(received), item.locator)

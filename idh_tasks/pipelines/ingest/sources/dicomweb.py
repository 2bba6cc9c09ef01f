"""The DICOMweb archive, queried by QIDO-RS and read by WADO-RS."""

from collections.abc import Iterator, Sequence
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport import dicomweb
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from idh_tasks.pipelines.ingest.fetched import FetchedFiles, delivered
from idh_tasks.pipelines.ingest.selection import series_choice
from idh_tasks.pipelines.ingest.sources.items import Listing, query_window, selected
from idh_tasks.pipelines.platform import Platform


def list_items(platform: Platform, since: date | None) -> Listing:
    """List the studies of the archive that are new or may have grown."""
    archive = platform.settings.dicomweb
    if archive is None:
        return Listing([])
    return selected(platform, "dicomweb", dicomweb.find_studies(archive, *query_window(platform, "dicomweb", since)))


def probe(platform: Platform) -> None:
    """Check that the archive answers."""
    if platform.settings.dicomweb is not None:
        dicomweb.probe(platform.settings.dicomweb)


def of_patients(platform: Platform, identifiers: Sequence[str]) -> Iterator[list[PacsStudy]]:
    """Yield the studies of each patient, of any date."""
    archive = platform.settings.dicomweb
    return iter(()) if archive is None else dicomweb.find_patient_studies(archive, identifiers)


def fetch(platform: Platform, item: InboxItem) -> FetchedFiles:
    """Retrieve a study.

    Raises
    ------
    RunRefusedError
        ``E_PREFLIGHT`` if the archive is no longer configured.
    StudyExcludedError
        ``W_NOT_SELECTED`` if its series show that it does not belong to the platform.
    """
    archive = platform.settings.dicomweb
    if archive is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the DICOMweb archive of this delivery is no longer configured")
    received = ReceivedFiles(Spool())
    choose = series_choice(platform, "dicomweb", item.item_id)
    series = dicomweb.retrieve(archive, item.locator, received, choose)
    return FetchedFiles(delivered(received), item.locator, series=series)

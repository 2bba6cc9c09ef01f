"""The PACS, queried by C-FIND and read by C-GET or C-MOVE."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport.association import echo
from idh_tasks.intake.transport.find import find_patient_studies, find_studies, list_study
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.retrieve import retrieve
from idh_tasks.intake.transport.spool import ReceivedFiles, Spool
from idh_tasks.intake.transport.traffic import Priority
from idh_tasks.intake.transport.whole_list import PartlyListedError
from idh_tasks.pipelines.ingest.fetched import FetchedFiles, delivered
from idh_tasks.pipelines.ingest.selection import series_choice
from idh_tasks.pipelines.ingest.sources.items import Listing, query_window, selected
from idh_tasks.pipelines.platform import Platform


def list_items(platform: Platform, since: date | None) -> Listing:
    """List the studies of the PACS that are new or may have grown."""
    pacs = platform.pacs
    if pacs is None:
        return Listing([])
    try:
        return selected(platform, "pacs", find_studies(pacs, *query_window(platform, "pacs", since)))
    except PartlyListedError as error:
        return replace(selected(platform, "pacs", error.studies), incomplete=str(error))


def probe(platform: Platform) -> None:
    """Check that the PACS answers."""
    if platform.pacs is not None:
        echo(platform.pacs)


def of_patients(platform: Platform, identifiers: Sequence[str]) -> Iterator[list[PacsStudy]]:
    """Yield the studies of each patient, of any date."""
    pacs = platform.pacs
    return iter(()) if pacs is None else find_patient_studies(pacs, identifiers)


def fetch(platform: Platform, item: InboxItem) -> FetchedFiles:
    """Retrieve a study.

    Raises
    ------
    RunRefusedError
        ``E_PREFLIGHT`` if the PACS is no longer configured.
    StudyExcludedError
        ``W_NOT_SELECTED`` if its series show that it does not belong to the platform.
    """
    pacs = platform.pacs
    if pacs is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the PACS of this delivery is no longer configured")
    urgency = Priority.LOW if item.priority else Priority.MEDIUM
    contents = list_study(pacs, item.locator, series_choice(platform, "pacs", item.item_id), urgency)
    received = ReceivedFiles(Spool())
    retrieve(pacs, item.locator, contents, received, urgency)
    return FetchedFiles(delivered(received), item.locator, contents.patients, contents.series)

"""The sources of studies: each lists its deliveries and fetches one of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from idh_tasks.db.inbox import InboxItem
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.sources import bucket, dicomweb, pacs
from idh_tasks.pipelines.ingest.sources.items import Listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class StudySource:
    """A source of studies; `is_configured` returns whether this installation has it.

    `of_patients` yields the studies of each of these patient identifiers, of any date, if the source can be asked;
    `probe` raises an `IdhError` if it does not answer at all.
    """

    is_configured: Callable[[Platform], bool]
    list_items: Callable[[Platform, date | None], Listing]
    fetch: Callable[[Platform, InboxItem], FetchedFiles]
    of_patients: Callable[[Platform, Sequence[str]], Iterator[list[PacsStudy]]] | None = None
    probe: Callable[[Platform], None] | None = None


SOURCES: Mapping[str, StudySource] = {
    "bucket": StudySource(lambda _: True, bucket.list_items, bucket.fetch),
    "pacs": StudySource(
        lambda platform: platform.settings.pacs is not None,
        pacs.list_items,
        pacs.fetch,
        pacs.of_patients,
        pacs.probe,
    ),
    "dicomweb": StudySource(
        lambda platform: platform.settings.dicomweb is not None,
        dicomweb.list_items,
        dicomweb.fetch,
        dicomweb.of_patients,
        dicomweb.probe,
    ),
}

"""Deliveries as the sources fetch them, and archives of every kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from idh_tasks.endpoints import PacsSettings
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.listing import StudyContents
from idh_tasks.intake.transport.retrieve import retrieve
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.pipelines.ingest.fetched import FetchedFiles


def spooled(files: Iterable[tuple[str, bytes]]) -> list[DeliveredFile]:
    """Return files by name in a spool; names may repeat."""
    spool = Spool()
    return [DeliveredFile(name, spool.add(content)) for name, content in files]


def fetched(files: Mapping[str, bytes], **requested: Any) -> FetchedFiles:
    """Return files as a source fetches them."""
    return FetchedFiles(spooled(files.items()), **requested)


def retrieved(pacs: PacsSettings, study_uid: str, contents: StudyContents) -> dict[str, bytes]:
    """Return what the PACS sends of a study."""
    received: dict[str, bytes] = {}
    retrieve(pacs, study_uid, contents, received)
    return received

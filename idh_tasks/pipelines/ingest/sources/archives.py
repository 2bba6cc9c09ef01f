"""Archives that list studies: the PACS and DICOMweb, asked alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from idh_tasks.intake.transport import dicomweb, find
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.platform import Platform

ARCHIVES = ("pacs", "dicomweb")


@dataclass(frozen=True)
class Archive:
    """An archive: its MR studies of a period, those without a date, known ones by UID, and the series of known ones."""

    source: str
    between: Callable[[date, date], list[PacsStudy]]
    undated: Callable[[], list[PacsStudy]]
    known: Callable[[Sequence[str]], list[PacsStudy]]
    series: Callable[[Sequence[str]], Mapping[str, frozenset[tuple[str, int]]]]


def configured(platform: Platform) -> list[Archive]:
    """Return the archives of this installation."""
    return [archive for source in ARCHIVES if (archive := archive_of(platform, source))]


def archive_of(platform: Platform, source: str) -> Archive | None:
    """Return an archive by its source, if it is configured."""
    if source == "pacs" and (pacs := platform.pacs):
        asked = (find.find_studies, find.find_undated, find.find_known, find.find_series)
        return Archive(source, *(partial(ask, pacs) for ask in asked))  # type: ignore[arg-type]
    if source == "dicomweb" and (archive := platform.settings.dicomweb):
        asked_web = (dicomweb.find_studies, dicomweb.find_undated, dicomweb.find_known, dicomweb.find_series)
        return Archive(source, *(partial(ask, archive) for ask in asked_web))  # type: ignore[arg-type]
    return None

"""Archives that list studies: the PACS and DICOMweb, asked alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from idh_tasks.intake.transport import dicomweb, find
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.whole_list import PartlyListedError
from idh_tasks.pipelines.platform import Platform

ARCHIVES = ("pacs", "dicomweb")


@dataclass(frozen=True)
class ListedPeriod:
    """What an archive lists of a period, and what it does not list although it was asked; empty if that is all."""

    studies: list[PacsStudy]
    incomplete: str = ""


@dataclass(frozen=True)
class Archive:
    """An archive: its MR studies of a period, those without a date, known ones by UID, and the series of known ones.

    A backfill retrieves in its `quiet_hours`, or at any time without them.
    """

    source: str
    between: Callable[[date, date], list[PacsStudy]]
    undated: Callable[[], list[PacsStudy]]
    known: Callable[[Sequence[str]], list[PacsStudy]]
    series: Callable[[Sequence[str]], Mapping[str, frozenset[tuple[str, int]]]]
    quiet_hours: str | None = None


def list_period(archive: Archive, since: date, until: date) -> ListedPeriod:
    """Return the MR studies of these days, also if the archive does not list a part of them.

    Raises
    ------
    TransientError
        As the archive's listing.
    """
    try:
        return ListedPeriod(archive.between(since, until))
    except PartlyListedError as error:
        return ListedPeriod(error.studies, str(error))


def configured(platform: Platform) -> list[Archive]:
    """Return the archives of this installation."""
    return [archive for source in ARCHIVES if (archive := archive_of(platform, source))]


def archive_of(platform: Platform, source: str) -> Archive | None:
    """Return an archive by its source, if it is configured."""
    if source == "pacs" and (pacs := platform.pacs):
        between, undated, known, series = (
            partial(ask, pacs) for ask in (find.find_studies, find.find_undated, find.find_known, find.find_series)
        )
        return Archive(source, between, undated, known, series, pacs.quiet_hours)  # type: ignore[arg-type]
    if source == "dicomweb" and (archive := platform.settings.dicomweb):
        between, undated, known, series = (
            partial(ask, archive)
            for ask in (dicomweb.find_studies, dicomweb.find_undated, dicomweb.find_known, dicomweb.find_series)
        )
        return Archive(source, between, undated, known, series, archive.quiet_hours)  # type: ignore[arg-type]
    return None

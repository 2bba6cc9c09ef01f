"""Deliveries as inbox items, and the study dates for which an archive is queried."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from idh_tasks.db import watermarks
from idh_tasks.db.inbox import InboxItem, ListedAs
from idh_tasks.db.selection import CohortPatient
from idh_tasks.dicom.dates import parse_date
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest.selection import select
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Listing:
    """What a source has: its deliveries, how many other studies were seen by reason, and how far it was listed.

    `asked` are the patients of whom it was asked; that is recorded with the deliveries, or they would be lost.
    `incomplete` says what the source did not list although it was asked; empty if it listed everything.
    """

    items: list[InboxItem]
    excluded: Counter[str] = field(default_factory=Counter)
    position: str = ""
    asked: tuple[CohortPatient, ...] = ()
    incomplete: str = ""


EARLIEST = date(1990, 1, 1)
OVERLAP = timedelta(days=30)
"""How far each night looks back, for late series and wrong clocks."""


def inbox_item(platform: Platform, source: str, locator: str, fingerprint: str, position: str = "") -> InboxItem:
    """Return a delivery with an id of the platform, which is the same for the same content."""
    item_id = platform.pseudonymiser.token("delivery", source, locator, fingerprint)
    return InboxItem(item_id, source, locator, fingerprint, position)


def query_window(platform: Platform, source: str, since: date | None) -> tuple[date, date]:
    """Return the first and last study date to query: from the watermark, less the overlap, to tomorrow."""
    if since is None:
        with platform.database.begin() as transaction:
            latest = parse_date(watermarks.position(transaction, source))
        since = latest - OVERLAP if latest else EARLIEST
    return since, _today() + timedelta(days=1)


def study_items(platform: Platform, source: str, studies: Iterable[PacsStudy]) -> list[InboxItem]:
    """Return the studies that an archive lists as deliveries."""
    return [
        replace(
            inbox_item(platform, source, study.study_uid, fingerprint(platform, study), _position(study)),
            listed=ListedAs(str(study.instances), study.patient_id),
        )
        for study in studies
    ]


def _position(study: PacsStudy) -> str:
    # A future study date means a wrong clock: it must not move the watermark past today.
    return min(study.study_date, f"{_today():%Y%m%d}")


def selected(platform: Platform, source: str, studies: Sequence[PacsStudy]) -> Listing:
    """Return the studies that an archive lists, of which only those that are taken are deliveries."""
    taken, excluded = select(platform, source, studies)
    position = max(map(_position, studies), default="")
    return Listing(study_items(platform, source, taken), excluded, position)


def fingerprint(platform: Platform, study: PacsStudy) -> str:
    """Return a keyed token of what a listing states of a study: a corrected patient makes another one."""
    stated = (study.patient_id, study.issuer, study.birth_date, study.accession, *sorted(study.modalities))
    return platform.pseudonymiser.token("listing", str(study.series), str(study.instances), *stated)


def series_digest(platform: Platform, series: frozenset[tuple[str, int]]) -> str | None:
    """Return a keyed token of series UIDs and counts; None if none is listed."""
    parts = (f"{uid} {count}" for uid, count in sorted(series))
    return platform.pseudonymiser.token("series of a study", *parts) if series else None


def _today() -> date:
    return datetime.now(UTC).date()

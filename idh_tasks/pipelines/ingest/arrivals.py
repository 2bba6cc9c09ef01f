"""Late arrivals: studies of any date that have become complete since the last night, by the archive's change feed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from idh_tasks.db import inbox, watermarks
from idh_tasks.db.engine import Transaction
from idh_tasks.db.inbox import InboxItem
from idh_tasks.intake.transport.changes import read_changes
from idh_tasks.pipelines.ingest.selection import select
from idh_tasks.pipelines.ingest.sources.archives import archive_of
from idh_tasks.pipelines.ingest.sources.items import study_items
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

FEED = "changes"
"""The name of the feed among the sources: of its watermark, and of its failures."""
DIGITS = 20
"""A position is stored with leading zeros, so that positions compare as text."""


@dataclass(frozen=True)
class Arrivals:
    """What the feed named, by source, and the position from which the next night reads on."""

    items: dict[str, list[InboxItem]] = field(default_factory=dict)
    position: int | None = None
    began_anew: bool = False

    def register(self, transaction: Transaction) -> dict[str, list[str]]:
        """Record the studies and the position together; return the ids on record by source."""
        if self.began_anew:
            watermarks.forget(transaction, FEED)
        if self.position is not None:
            watermarks.advance(transaction, FEED, f"{self.position:0{DIGITS}d}")
        return {source: inbox.enter(transaction, source, items) for source, items in self.items.items()}


def arrivals(platform: Platform, sources: Sequence[str]) -> Arrivals:
    """Read all changes since the kept position; the first night only keeps the position.

    Raises
    ------
    TransientError
        ``E_PACS`` if the feed cannot be read, or as the archive's listing.
    """
    feed = platform.settings.changes
    if feed is None:
        return Arrivals()
    with platform.database.begin() as transaction:
        kept = watermarks.position(transaction, FEED)
    changes = read_changes(feed, int(kept) if kept else None)
    if changes.gap:
        log.warning("change feed: %s", changes.gap)
    items = {source: _items(platform, source, changes.study_uids) for source in sources if changes.study_uids}
    log.info("change feed: %d studies have become complete since the last night", len(changes.study_uids))
    return Arrivals(items, changes.position, changes.gap is not None)


def _items(platform: Platform, source: str, study_uids: Sequence[str]) -> list[InboxItem]:
    archive = archive_of(platform, source)
    listed = archive.known(study_uids) if archive else []
    # Archives list by modality, which a question for one study cannot ask for.
    images = [study for study in listed if not study.modalities or "MR" in study.modalities]
    taken, _ = select(platform, source, images)
    return study_items(platform, source, taken)

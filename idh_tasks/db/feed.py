"""The laboratory's feed: which files were read, and how many rows and reports each reading had."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction


@dataclass(frozen=True)
class _Latest:
    flag: Code | None


def latest_flag(transaction: Transaction) -> Code | None:
    """Return why the latest reading of the view was suspicious, or None."""
    latest = transaction.first(_Latest, "feed/select_latest_feed_night")
    return latest.flag if latest else None

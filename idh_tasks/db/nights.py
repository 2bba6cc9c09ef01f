"""The result of each night of ingest: counts by source and by outcome, without any identifier."""

from dataclasses import dataclass, field

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction


@dataclass(frozen=True)
class NightBalance:
    """The balance of one source on one night: what was found is the sum of the others."""

    source: str
    found: int
    new: int
    unchanged: int
    quarantined: int
    failed: int
    vanished: int
    excluded: int = field(default=0, kw_only=True)


@dataclass(frozen=True)
class RecentListings:
    """How many of the last five nights a source has on record, and the fewest deliveries it listed on one of them."""

    nights: int
    least: int


@dataclass(frozen=True)
class InboxCount:
    """How many deliveries have one state and one code; the code is empty where there is none."""

    state: str
    code: str
    items: int


def record_balance(
    transaction: Transaction, balance: NightBalance, flag: Code | None = None, reason: str | None = None
) -> None:
    """Record the balance of one source; `flag` is a code, with its reason, if the night is not in order."""
    transaction.run("nights/insert_night_balance", flag=flag, reason=reason, **vars(balance))


def record_unlisted(transaction: Transaction, source: str, flag: Code, reason: str) -> None:
    """Record that a source could not be listed, and why."""
    transaction.run("nights/insert_unlisted_night", source=source, flag=flag, reason=reason)


def recent_listings(transaction: Transaction, source: str) -> RecentListings:
    """Return how much a source listed on its last nights."""
    [listings] = transaction.all(RecentListings, "nights/select_recent_listings", source=source)
    return listings


def inbox_counts(transaction: Transaction) -> list[InboxCount]:
    """Return how many deliveries of all nights are in which state."""
    return transaction.all(InboxCount, "nights/count_inbox_states")

"""Schema phi: what the hospital delivered, one row a delivery. Only ingest uses this module."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class Delivery:
    """An object or a PACS study under the hospital's own name, with a fingerprint of its content."""

    item_id: str
    source: str
    locator: str
    fingerprint: str
    position: str = ""

    def __repr__(self) -> str:
        return f"Delivery({self.item_id})"


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery."""

    state: str
    study_id: StudyId | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Night:
    """The balance of one source: found = new + unchanged + quarantined + failed + vanished."""

    source: str
    found: int
    new: int
    unchanged: int
    quarantined: int
    failed: int
    vanished: int


def register(transaction: Transaction, source: str, deliveries: list[Delivery]) -> None:
    """Record what a source listed and move its watermark over it, in one transaction."""
    transaction.run_many("inbox/insert_inbox_item", [vars(delivery) for delivery in deliveries])
    position = max((delivery.position for delivery in deliveries), default="")
    if position:
        transaction.run("watermarks/upsert_watermark", source=source, position=position)


def open_items(transaction: Transaction, source: str) -> list[str]:
    """Return the ids of a source's deliveries that are new or failed last time."""
    return [row["item_id"] for row in transaction.rows("inbox/select_open_inbox", source=source)]


def states(transaction: Transaction, item_ids: list[str]) -> dict[str, Counter[str]]:
    """Return by source how many of these deliveries are in each state."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in transaction.rows("inbox/count_inbox_by_item", item_ids=item_ids):
        found[row["source"]][row["state"]] = row["items"]
    return found


def record_night(transaction: Transaction, night: Night, flag: str | None) -> None:
    """Record the balance of one source; `flag` is a code where it is suspicious."""
    transaction.run("inbox/insert_ingest_night", flag=flag, **vars(night))


def get(transaction: Transaction, item_id: str) -> tuple[Delivery, str]:
    """Return a delivery and its state."""
    row = transaction.one("inbox/select_inbox_item", item_id=item_id)
    if row is None:
        raise LookupError(item_id)
    delivery = Delivery(row["item_id"], row["source"], row["locator"], row["fingerprint"])
    return delivery, row["state"]


def finish(transaction: Transaction, item_id: str, outcome: Outcome) -> None:
    """Record what became of a delivery."""
    transaction.run("inbox/update_inbox_outcome", item_id=item_id, **vars(outcome))


def watermark(transaction: Transaction, source: str) -> str | None:
    """Return the position up to which a source has been seen."""
    row = transaction.one("watermarks/select_watermark", source=source)
    return None if row is None else str(row["position"])

"""Work that is due, by stage: noted by the transaction that makes it due, claimed item by item, gone when done."""

from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction


class Stage(StrEnum):
    """A stage of the platform with items of its own."""

    PREPARE = "prepare"
    PREDICT = "predict"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Claim:
    """An item that a task works on, as it was noted; `attempts` counts this one."""

    item: str
    noted: int
    attempts: int
    holder: str


def count(transaction: Transaction, stage: Stage, most: int) -> int:
    """Count the items that are due now, up to a number."""
    [items] = transaction.column(int, "due_work/count_due", stage=stage, most=most)
    return items


def claim_next(transaction: Transaction, stage: Stage, holder: str, lease_s: float) -> Claim | None:
    """Claim the next item, or return None if nothing is due that no other task holds."""
    return transaction.first(Claim, "due_work/claim_next", stage=stage, holder=holder, lease_s=lease_s)


def release(transaction: Transaction, stage: Stage, holder: str) -> None:
    """Let go of everything that a task holds."""
    transaction.run("due_work/release", stage=stage, holder=holder)


def finish(transaction: Transaction, stage: Stage, claim: Claim) -> None:
    """Remove an item that is done; one that was noted again in the meantime is due again."""
    rows = transaction.run("due_work/finish", stage=stage, item=claim.item, noted=claim.noted)
    _let_go_unless(transaction, stage, claim, rows)


def hand_back(transaction: Transaction, stage: Stage, claim: Claim) -> None:
    """Let go of an item that could not be worked on because something else failed."""
    rows = transaction.run("due_work/hand_back", stage=stage, item=claim.item, noted=claim.noted)
    _let_go_unless(transaction, stage, claim, rows)


def postpone(transaction: Transaction, stage: Stage, claim: Claim, pause_s: float, reason: str) -> None:
    """Leave an item whose work failed for a later time."""
    rows = transaction.run(
        "due_work/postpone", stage=stage, item=claim.item, noted=claim.noted, pause_s=pause_s, reason=reason
    )
    _let_go_unless(transaction, stage, claim, rows)


def give_up(transaction: Transaction, stage: Stage, claim: Claim, code: Code, reason: str) -> None:
    """Try an item no more until it is noted again, and keep the reason."""
    rows = transaction.run(
        "due_work/give_up", stage=stage, item=claim.item, noted=claim.noted, code=code, reason=reason
    )
    _let_go_unless(transaction, stage, claim, rows)


def _let_go_unless(transaction: Transaction, stage: Stage, claim: Claim, settled: int) -> None:
    """Let go of an item that was noted again during the work, so that its row is another one now."""
    if not settled:
        release(transaction, stage, claim.holder)


def note_studies_of_champions(transaction: Transaction) -> int:
    """Note the studies of sequences whose champion has changed; return their number."""
    [studies] = transaction.column(int, "due_work/note_studies_of_champions")
    return studies


def is_left(transaction: Transaction, stage: Stage, lease_s: float) -> bool:
    """Return whether an item is due now that no task holds."""
    return transaction.column(bool, "due_work/is_left", stage=stage, lease_s=lease_s)[0]

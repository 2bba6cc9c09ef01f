"""What was held back or noted, with code and reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class HeldBack:
    """Something that was not taken, with code and reason; `subject` is an id of ours.

    A code that begins with W_ is a note: nothing was held. `item_id` is the delivery it came with,
    `object_key` where its bytes are kept, if they are.
    """

    subject: str
    scope: str
    code: str
    reason: str
    item_id: str | None = None
    object_key: str | None = None


def hold_back(transaction: Transaction, held: Iterable[HeldBack], study_id: StudyId | None = None) -> None:
    """Record what was held back; the same subject and code once."""
    transaction.run_many("quarantine/upsert_quarantine", [vars(item) | {"study_id": study_id} for item in held])


def listed(transaction: Transaction, subject: str | None = None, *, notes: bool = False) -> list[dict[str, Any]]:
    """Return what is held, or what is held of one subject; notes only where asked for."""
    return [dict(row) for row in transaction.rows("quarantine/select_quarantine", subject=subject, notes=notes)]


def readmit(transaction: Transaction, subject: str) -> list[str]:
    """Open the deliveries again from which a subject was held; return their ids."""
    return [row["item_id"] for row in transaction.rows("quarantine/readmit_quarantined", subject=subject)]

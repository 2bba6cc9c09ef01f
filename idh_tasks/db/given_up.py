"""Work that is not tried any more because all its attempts have failed, and having it tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.codes import Code
from idh_tasks.db.due_work import Stage
from idh_tasks.db.engine import Transaction


@dataclass(frozen=True)
class GivenUp:
    """A study in a stage, and why it is not tried any more."""

    stage: Stage
    item: str
    code: Code
    reason: str | None
    attempts: int
    noted_at: datetime

    @property
    def name(self) -> str:
        """Return what names it among all others."""
        return f"{self.stage} {self.item}"


def latest(transaction: Transaction, size: int | None = None) -> list[GivenUp]:
    """Return what was given up, the latest first."""
    return transaction.all(GivenUp, "given_up/select_latest", size=size)


def count(transaction: Transaction) -> int:
    """Count what was given up."""
    return transaction.column(int, "given_up/count_items")[0]


def retry(transaction: Transaction, chosen: Sequence[GivenUp], operator: str) -> int:
    """Have given-up work tried again, with an audit event each; return how many items."""
    names = {"stages": [one.stage for one in chosen], "items": [one.item for one in chosen]}
    return transaction.column(int, "given_up/retry_work", operator=operator, **names)[0]

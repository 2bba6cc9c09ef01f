"""The places of the cohort are counted by one transaction at a time."""

from typing import Any, cast

from idh_tasks.db import cohort
from idh_tasks.db.engine import Transaction


class Statements:
    """A transaction that only notes what it is asked to run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def run(self, name: str, **_: Any) -> int:
        """Note a statement."""
        self.names.append(name)
        return 0


def test_the_places_are_locked_before_they_are_counted() -> None:
    statements = Statements()
    cohort.keep_places(cast("Transaction", statements), "settings")
    assert statements.names == ["cohort/lock_places", "cohort/upsert_places"]

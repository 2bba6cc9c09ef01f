"""What the workers share of the PACS: who holds an association, and when the next retrieve may start."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db.engine import Database, Transaction
from idh_tasks.errors import PeerBusyError

FAMILY = 4_711_002
"""The first key of the advisory locks; the second one is the number of the association."""
POLL_S = 0.2


@dataclass(frozen=True)
class PacsTraffic:
    """Limits that hold over all processes with the same database.

    An association is a lock that belongs to a session of PostgreSQL: the server frees it when its process dies.
    """

    database: Database

    @contextmanager
    def slot(self, most: int, wait_s: float) -> Iterator[None]:
        """Hold one of the associations that the platform may have.

        Raises
        ------
        TransientError
            ``E_PACS_BUSY`` if none is free within the time to wait.
        """
        with self.database.session() as session:
            _await_slot(session, most, wait_s)
            try:
                yield
            finally:
                session.rows("pacs_traffic/free_slots")

    def turn_in_s(self, per_hour: int, wait_s: float) -> float | None:
        """Take the next turn of a retrieve; return in how many seconds it is, or None if it is later than that."""
        with self.database.begin() as transaction:
            turn = transaction.one("pacs_traffic/take_turn", interval_s=3600 / per_hour, wait_s=wait_s)
        return None if turn is None else float(turn["wait_s"])


def _await_slot(session: Transaction, most: int, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while not _takes_one(session, most):
        if time.monotonic() >= until:
            reason = f"all {most} associations with the PACS were in use for {wait_s:g} s"
            raise PeerBusyError(Code.E_PACS_BUSY, reason)
        time.sleep(POLL_S * random.uniform(0.5, 1.5))  # noqa: S311 - only spreads the tries


def _takes_one(session: Transaction, most: int) -> bool:
    return any(session.column(bool, "pacs_traffic/take_slot", family=FAMILY, slot=slot)[0] for slot in range(most))

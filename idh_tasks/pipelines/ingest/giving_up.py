"""Holds deliveries that failed in every night in which they were tried."""

from idh_tasks.codes import Code
from idh_tasks.db import inbox, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.inbox import Exhausted, InboxState, Outcome
from idh_tasks.db.quarantine import QuarantineEntry

KILLED = "the process of the last try was killed before it could say why"


def give_up(transaction: Transaction, source: str, most: int) -> int:
    """Hold the deliveries of a source that have no outcome after so many nights; return their number."""
    given_up = inbox.exhausted(transaction, source, most)
    for one in given_up:
        reason = _reason(one)
        outcome = Outcome(InboxState.QUARANTINED, code=Code.E_GIVEN_UP, reason=reason)
        inbox.record_outcome(transaction, one.item_id, outcome)
        entry = QuarantineEntry(one.item_id, "delivery", Code.E_GIVEN_UP, reason, one.item_id)
        quarantine.record(transaction, [entry])
    return len(given_up)


def _reason(one: Exhausted) -> str:
    fault = KILLED if one.code is None else f"the last fault was {one.code}: {one.reason}"
    return f"tried in {one.nights} nights; {fault}"

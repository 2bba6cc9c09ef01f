"""Audit events: who did what to which of our ids, chained by hashes."""

import json
from dataclasses import dataclass
from typing import Any

from idh_tasks.db.engine import Transaction


@dataclass(frozen=True)
class AuditChain:
    """The state of the chain: its length, its last hash, and the first event whose link does not hold."""

    events: int
    head: str | None
    broken_event: int | None
    fault: str | None


def record(transaction: Transaction, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add an audit event; detail holds ids of ours, codes and counts only."""
    transaction.run("audit/insert_audit_event", actor=actor, action=action, subject=subject, detail=json.dumps(detail))


def chain(transaction: Transaction) -> AuditChain:
    """Recompute every link of the chain; events of open transactions are not in it yet."""
    found = transaction.first(AuditChain, "audit/select_chain")
    if found is None:
        raise AssertionError("an aggregate always has a row")
    return found

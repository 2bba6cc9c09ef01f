"""Audit events: who did what, and to which subject. A chain of hashes reveals changes."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from idh_tasks.db.engine import Transaction, json_rows
from idh_tasks.domain.audit import ChainHead


@dataclass(frozen=True)
class AuditChain:
    """The state of the chain: its length, its last hash, and the first event whose link is broken."""

    events: int
    head: str | None
    broken_event: int | None
    fault: str | None


def record(transaction: Transaction, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add an audit event; subject and detail may hold only ids of the platform, codes and counts."""
    transaction.run("audit/insert_audit_event", actor=actor, action=action, subject=subject, detail=json.dumps(detail))


def chain(transaction: Transaction) -> AuditChain:
    """Recompute every link of the chain and return its state; events of open transactions are not yet part of it."""
    state = transaction.first(AuditChain, "audit/select_chain")
    if state is None:
        raise AssertionError("the query always returns one row")
    return state


def head(transaction: Transaction) -> ChainHead | None:
    """Return the last link of the chain, or None if the log is empty."""
    return transaction.first(ChainHead, "audit/select_head")


def missing_head(transaction: Transaction, heads: Iterable[ChainHead]) -> ChainHead | None:
    """Return the first of the given heads that the chain does not contain."""
    return transaction.first(ChainHead, "audit/select_missing_head", heads=json_rows(map(asdict, heads)))

"""Audit events: who did what, and to which subject."""

import json
from typing import Any

from idh_tasks.db.engine import Transaction


def record(transaction: Transaction, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add an audit event; subject and detail may hold only ids of the platform, codes and counts."""
    transaction.run("audit/insert_audit_event", actor=actor, action=action, subject=subject, detail=json.dumps(detail))

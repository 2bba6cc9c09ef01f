"""Records the head of the audit chain in the object store, where nobody who rewrites the database can reach it."""

import json
from dataclasses import asdict

from idh_tasks.codes import Code
from idh_tasks.db import audit
from idh_tasks.domain.audit import ChainHead
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys


def record_head(platform: Platform) -> None:
    """Record the current head; call it after the commit, which chains the events."""
    with platform.database.begin() as transaction:
        head = audit.head(transaction)
    if head is not None:
        platform.store.put(keys.audit_head(head), json.dumps(asdict(head), default=str).encode())


def recorded_heads(platform: Platform) -> list[ChainHead]:
    """Return all recorded heads.

    Raises
    ------
    RunRefusedError
        ``E_AUDIT`` if an object among them is none.
    """
    return [_read(item.key) for item in platform.store.listed(keys.AUDIT)]


def _read(key: str) -> ChainHead:
    head = keys.read_audit_head(key)
    if head is None:
        raise RunRefusedError(Code.E_AUDIT, f"an object below {keys.AUDIT} is no recorded head; somebody else wrote it")
    return head

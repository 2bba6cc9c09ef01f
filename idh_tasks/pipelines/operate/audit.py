"""Verification of the audit log."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import audit
from idh_tasks.domain.audit import ChainHead
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys


@dataclass(frozen=True)
class VerifiedLog:
    """An audit log in which every link holds, and which contains every head that was recorded outside the database."""

    events: int
    head: str | None
    """Last hash of the chain; None if the log is empty."""
    recorded_heads: int = 0
    """Heads in the object store with which the log was compared; 0 until the first night."""


def verify(platform: Platform) -> VerifiedLog:
    """Recompute the chain of audit events, and compare it with the heads in the object store.

    A log that was replaced, or cut off at its end, has valid links but lacks a recorded head. Events after the last
    recorded head can still be cut off unnoticed.

    Raises
    ------
    RunRefusedError
        ``E_AUDIT`` with the first event whose link is broken, or the first recorded head that the log does not contain.
    """
    heads = _recorded_heads(platform)  # first: the log may grow meanwhile
    with platform.database.begin() as transaction:
        chain = audit.chain(transaction)
        missing = audit.missing_head(transaction, heads)
    if chain.broken_event is not None:
        raise RunRefusedError(Code.E_AUDIT, f"event {chain.broken_event}: {chain.fault}")
    if missing is not None:
        raise RunRefusedError(
            Code.E_AUDIT,
            f"the log does not contain the head that was recorded at position {missing.position}, for an event of "
            f"{missing.occurred_at:%Y-%m-%d %H:%M:%S}: it was cut off or replaced",
        )
    return VerifiedLog(chain.events, chain.head, len(heads))


def _recorded_heads(platform: Platform) -> list[ChainHead]:
    return [_read(item.key) for item in platform.store.listed(keys.AUDIT)]


def _read(key: str) -> ChainHead:
    head = keys.read_audit_head(key)
    if head is None:
        raise RunRefusedError(Code.E_AUDIT, f"an object below {keys.AUDIT} is no recorded head; somebody else wrote it")
    return head

"""Verification of the audit log."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import audit
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class VerifiedLog:
    """An audit log in which every link holds."""

    events: int
    head: str | None
    """Last hash of the chain; None if the log is empty."""


def verify(platform: Platform) -> VerifiedLog:
    """Recompute the chain of audit events and return its length and last hash.

    Events removed from the end leave a valid chain. Only a copy of the last hash outside the database reveals this.

    Raises
    ------
    RunRefusedError
        ``E_AUDIT`` with the first event whose link is broken.
    """
    with platform.database.begin() as transaction:
        chain = audit.chain(transaction)
    if chain.broken_event is not None:
        raise RunRefusedError(Code.E_AUDIT, f"event {chain.broken_event}: {chain.fault}")
    return VerifiedLog(chain.events, chain.head)

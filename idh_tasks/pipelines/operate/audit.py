"""Verify that the audit log was not altered."""

from idh_tasks.codes import Code
from idh_tasks.db import audit
from idh_tasks.db.audit import AuditChain
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


def verify(platform: Platform) -> AuditChain:
    """Recompute the chain of audit events and return its length and last hash.

    Keep the last hash outside the database: only so can it be noticed that events were cut off at the end.

    Raises
    ------
    RunRefusedError
        ``E_AUDIT`` with the first event whose link does not hold.
    """
    with platform.database.begin() as transaction:
        chain = audit.chain(transaction)
    if chain.broken_event is not None:
        raise RunRefusedError(Code.E_AUDIT, f"event {chain.broken_event}: {chain.fault}")
    return chain

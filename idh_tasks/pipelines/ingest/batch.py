"""Ingests a batch of deliveries: fetches each, stores its studies, and records the outcome."""

import logging
import time
from collections import Counter
from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import inbox, ledger, quarantine, selection
from idh_tasks.db.inbox import Effort, InboxItem, InboxState, Outcome
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import (
    ObjectReplacedError,
    ObjectVanishedError,
    StudyExcludedError,
    StudyQuarantinedError,
    TransientError,
    as_idh_error,
)
from idh_tasks.pipelines.ingest.fault import is_its_own
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.items import series_digest
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)


def ingest_batch(platform: Platform, item_ids: list[str], *, last_try: bool = False) -> dict[str, int]:
    """Ingest each delivery of a batch; a faulty one is recorded and does not stop the others.

    Parameters
    ----------
    last_try
        Whether the batch is not repeated tonight. What failed then is only counted: the end of the night judges it.

    Raises
    ------
    TransientError
        ``E_INGEST`` after the whole batch, if any delivery failed in a way that may be temporary.
    """
    states = Counter(_ingest_item(platform, item_id).state for item_id in item_ids)
    log.info("batch done: %s", ", ".join(f"{count} {state.value}" for state, count in states.items()))
    failed = states[InboxState.FAILED]
    if failed and not last_try:
        raise TransientError(Code.E_INGEST, f"{failed} of {len(item_ids)} deliveries failed; see the inbox")
    return {state.value: count for state, count in states.items() if count}


def _ingest_item(platform: Platform, item_id: str) -> Outcome:
    with platform.database.begin() as transaction:
        if selection.is_excluded(transaction, item_id):
            return Outcome(InboxState.EXCLUDED)
        item = inbox.get(transaction, item_id)
        if item.state.is_open:
            inbox.keep_tries(transaction, item_id, item.tries.begin(datetime.now(UTC)))
    if not item.state.is_open:
        return Outcome(item.state)
    outcome = _attempt(platform, item)
    if outcome.state is not InboxState.EXCLUDED:  # it has been forgotten
        _record(platform, item, outcome)
    log.info("delivery %s: %s %s %s", item_id, outcome.state, outcome.code or "", outcome.reason or "")
    return outcome


def _attempt(platform: Platform, item: InboxItem) -> Outcome:
    began = time.monotonic()
    try:
        fetched = SOURCES[item.source].fetch(platform, item)
        changed = store_studies(platform, fetched, item.item_id)
    except StudyExcludedError as error:
        return Outcome(InboxState.EXCLUDED, code=error.code, reason=error.reason)
    except StudyQuarantinedError as error:
        return Outcome(InboxState.QUARANTINED, code=error.code, reason=error.reason)
    except Exception as error:  # no failure of one delivery may stop the others of the batch
        cause = as_idh_error(error)
        vanished = isinstance(cause, ObjectVanishedError | ObjectReplacedError)
        state = InboxState.VANISHED if vanished else InboxState.FAILED
        return Outcome(state, code=cause.code, reason=cause.reason)
    _keep_listing(platform, fetched, min(changed))
    state = InboxState.INGESTED if any(changed.values()) else InboxState.UNCHANGED
    effort = Effort(time.monotonic() - began, len(fetched.files), sum(file.content.size for file in fetched.files))
    return Outcome(state, study_id=min(changed), effort=effort)


def _keep_listing(platform: Platform, fetched: FetchedFiles, study_id: StudyId) -> None:
    """Keep what the archive listed of the study when it was fetched: later listings are compared with it."""
    if digest := series_digest(platform, fetched.series):
        with platform.database.begin() as transaction:
            ledger.keep_digests(transaction, {study_id: digest})


def _record(platform: Platform, item: InboxItem, outcome: Outcome) -> None:
    in_vain = outcome.state is InboxState.FAILED and not is_its_own(platform, item.source, outcome.code)
    with platform.database.begin() as transaction:
        inbox.record_outcome(transaction, item.item_id, outcome)
        if in_vain:  # its try does not count
            inbox.keep_tries(transaction, item.item_id, item.tries)
        if outcome.state is InboxState.QUARANTINED and outcome.code is not None:
            entry = QuarantineEntry(item.item_id, "delivery", outcome.code, outcome.reason or "", item.item_id)
            quarantine.record(transaction, [entry])

"""Ingest: discover what is new, retrieve it, gate it, name it, store it without identifiers."""

import logging
from collections import Counter
from datetime import date
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import audit, inbox, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.inbox import Delivery, Night, Outcome
from idh_tasks.db.quarantine import HeldBack
from idh_tasks.errors import (
    IdhError,
    ObjectReplacedError,
    ObjectVanishedError,
    RunRefusedError,
    StudyQuarantinedError,
    TransientError,
    as_idh_error,
)
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

USUAL_NIGHTS = 5
FEEDS = ("pacs", "dicomweb")
"""Sources that list the last weeks anew each night: none at all is suspicious."""


class Discovery(TypedDict):
    """How much one night found by source, which sources failed, and the batches of what is to be done."""

    found: dict[str, int]
    unreachable: dict[str, str]
    batches: list[Batch]


def discover(platform: Platform, sources: tuple[str, ...] = tuple(SOURCES), since: date | None = None) -> Discovery:
    """List every source, record what was found, and return what is open.

    Raises
    ------
    TransientError
        If no source could be listed; where one can, the others are told at the end of the night.
    RunRefusedError
        ``E_STORE_INSECURE`` before anything is asked for.
    """
    platform.store.preflight()
    listed, failures = _listed(platform, sources, since)
    if failures and not listed:
        raise next(iter(failures.values()))
    with platform.database.begin() as transaction:
        for source, deliveries in listed.items():
            inbox.register(transaction, source, deliveries)
        items = {source: inbox.open_items(transaction, source) for source in listed}
    found = {source: len({d.item_id for d in listed[source]} | set(items[source])) for source in listed}
    log.info("found %s, to be ingested %s", found, {source: len(ids) for source, ids in items.items()})
    batches = cut([item for ids in items.values() for item in ids], what="deliveries")
    return Discovery(found=found, unreachable={s: str(e) for s, e in failures.items()}, batches=batches)


def _listed(
    platform: Platform, sources: tuple[str, ...], since: date | None
) -> tuple[dict[str, list[Delivery]], dict[str, IdhError]]:
    listed: dict[str, list[Delivery]] = {}
    failures: dict[str, IdhError] = {}
    for source in sources:
        if SOURCES[source].configured(platform):
            try:
                listed[source] = SOURCES[source].found(platform, since)
            except IdhError as error:
                log.warning("source %s could not be listed: %s", source, error)
                failures[source] = error
                with platform.database.begin() as transaction:
                    audit.record(transaction, "ingest", "source refused", source, code=error.code)
    return listed, failures


def ingest_batch(platform: Platform, item_ids: list[str]) -> dict[str, int]:
    """Ingest each delivery of a batch; a bad one is recorded and the others go on.

    Raises
    ------
    TransientError
        After the whole batch, if any delivery failed in a way that may pass.
    """
    states = Counter(_ingest_item(platform, item_id).state for item_id in item_ids)
    log.info("batch done: %s", dict(states))
    if states["failed"]:
        raise TransientError(Code.E_INGEST, f"{states['failed']} of {len(item_ids)} deliveries failed; see the inbox")
    return dict(states)


def _ingest_item(platform: Platform, item_id: str) -> Outcome:
    with platform.database.begin() as transaction:
        delivery, state = inbox.get(transaction, item_id)
    if state not in ("found", "failed"):
        return Outcome(state)
    outcome = _attempt(platform, delivery)
    with platform.database.begin() as transaction:
        inbox.finish(transaction, item_id, outcome)
        if outcome.state == "quarantined":
            held = HeldBack(item_id, "delivery", outcome.code or "", outcome.reason or "", item_id)
            quarantine.hold_back(transaction, [held])
    log.info("delivery %s: %s %s %s", item_id, outcome.state, outcome.code or "", outcome.reason or "")
    return outcome


def _attempt(platform: Platform, delivery: Delivery) -> Outcome:
    try:
        fetched = SOURCES[delivery.source].fetch(platform, delivery)
        changed = store_studies(platform, fetched, delivery.item_id)
    except StudyQuarantinedError as error:
        return Outcome("quarantined", code=error.code, reason=error.reason)
    except Exception as error:  # whatever it is, the other deliveries of the batch go on
        known = as_idh_error(error)
        vanished = isinstance(known, ObjectVanishedError | ObjectReplacedError)
        return Outcome("vanished" if vanished else "failed", code=known.code, reason=known.reason)
    return Outcome("ingested" if any(changed.values()) else "unchanged", study_id=min(changed))


def reconcile(platform: Platform, discovery: Discovery) -> bool:
    """Check that everything found has an outcome; tell whether anything new was ingested.

    Raises
    ------
    RunRefusedError
        ``E_RECONCILE`` if a delivery is open or a source was away, ``E_EMPTY_SUSPECT`` if a source that always
        had studies has none: such a night is not green.
    """
    items = [item for batch in discovery["batches"] for item in batch["ids"]]
    with platform.database.begin() as transaction:
        states = inbox.states(transaction, items)
        nights = [_night(source, found, states[source]) for source, found in discovery["found"].items()]
        suspects = [n.source for n in nights if n.source in FEEDS and n.found == 0 and _usually_some(transaction, n)]
        for night in nights:
            inbox.record_night(transaction, night, Code.E_EMPTY_SUSPECT if night.source in suspects else None)
            audit.record(transaction, "ingest", "reconciled", night.source, **vars(night))
    log.info("reconciled: %s", nights)
    _refuse_if(sum(night.failed for night in nights), discovery["unreachable"], suspects)
    return any(night.new for night in nights)


def _night(source: str, found: int, states: Counter[str]) -> Night:
    """Return the balance of one source: found = new + unchanged + quarantined + failed + vanished."""
    known = found - sum(states.values())
    return Night(
        source,
        found,
        new=states["ingested"],
        unchanged=states["unchanged"] + known,
        quarantined=states["quarantined"],
        failed=states["failed"] + states["found"],
        vanished=states["vanished"],
    )


def _usually_some(transaction: Transaction, night: Night) -> bool:
    usual = transaction.one("inbox/select_usual_night", source=night.source)
    return usual is not None and usual["nights"] >= USUAL_NIGHTS and usual["least"] > 0


def _refuse_if(failed: int, unreachable: dict[str, str], suspects: list[str]) -> None:
    if failed or unreachable:
        away = "".join(f"; {source} was away ({why})" for source, why in unreachable.items())
        raise RunRefusedError(Code.E_RECONCILE, f"{failed} deliveries have no outcome, see phi.inbox{away}")
    if suspects:
        raise RunRefusedError(
            Code.E_EMPTY_SUSPECT, f"{', '.join(suspects)} listed nothing, which never happens; look there"
        )


def ingest(platform: Platform, sources: tuple[str, ...] = tuple(SOURCES), since: date | None = None) -> bool:
    """Run the whole night without Airflow; tell whether anything new was ingested."""
    discovery = discover(platform, sources, since)
    for batch in discovery["batches"]:
        ingest_batch(platform, batch["ids"])
    return reconcile(platform, discovery)


def readmit(platform: Platform, subject: str) -> list[str]:
    """Let the next night try again what was held; return the ids of the deliveries."""
    with platform.database.begin() as transaction:
        items = quarantine.readmit(transaction, subject)
        audit.record(transaction, "operator", "readmitted", subject, deliveries=len(items))
    return items

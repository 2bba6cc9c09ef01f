"""Ingest: discover what is new, retrieve it, gate it, name it, store it without identifiers."""

import logging
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TypedDict

from idh_tasks.db import audit, inbox, studies
from idh_tasks.db.inbox import Delivery, Outcome
from idh_tasks.domain.batches import Batch, cut
from idh_tasks.errors import (
    IdhError,
    RunRefusedError,
    StudyQuarantinedError,
    TransientError,
    without_text,
)
from idh_tasks.intake import dimse
from idh_tasks.intake.archive import unzip
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.store_study import store_study

log = logging.getLogger(__name__)

EVERYTHING = date(1990, 1, 1)
OVERLAP = timedelta(days=30)
SOURCES = ("bucket", "pacs")


class Discovery(TypedDict):
    """How much one night found, and the batches of what is to be done."""

    found: int
    batches: list[Batch]


def discover(platform: Platform, sources: tuple[str, ...] = SOURCES, since: date | None = None) -> Discovery:
    """List bucket and PACS, record what was found, and return what is open."""
    deliveries = _in_bucket(platform) if "bucket" in sources else []
    if "pacs" in sources and platform.settings.pacs is not None:
        deliveries += _in_pacs(platform, since)
    with platform.database.begin() as transaction:
        inbox.register(transaction, deliveries)
        items = inbox.open_items(transaction)
    log.info("found %d deliveries, %d to be ingested", len(deliveries), len(items))
    return Discovery(found=len(deliveries), batches=cut(items, what="deliveries"))


def _delivery(platform: Platform, source: str, locator: str, fingerprint: str, position: str = "") -> Delivery:
    item_id = platform.pseudonymiser.token("delivery", source, locator, fingerprint)
    return Delivery(item_id, source, locator, fingerprint, position)


def _in_bucket(platform: Platform) -> list[Delivery]:
    listed = platform.drop.listed(platform.settings.store.drop_prefix)
    return [_delivery(platform, "bucket", item.key, item.etag) for item in listed]


def _in_pacs(platform: Platform, since: date | None) -> list[Delivery]:
    pacs = platform.settings.pacs
    if pacs is None:
        return []
    if since is None:
        with platform.database.begin() as transaction:
            seen = inbox.watermark(transaction, "pacs")
        since = datetime.strptime(seen, "%Y%m%d").date() - OVERLAP if seen else EVERYTHING  # noqa: DTZ007 - DICOM dates have no zone
    return [
        _delivery(platform, "pacs", study.study_uid, str(study.instances), study.study_date)
        for study in dimse.find_studies(pacs, since)
    ]


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
        raise TransientError("E_INGEST", f"{states['failed']} of {len(item_ids)} deliveries failed; see the inbox")
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
            held = studies.HeldBack(item_id, "delivery", outcome.code or "", outcome.reason or "")
            studies.hold_back(transaction, [held])
    log.info("delivery %s: %s %s %s", item_id, outcome.state, outcome.code or "", outcome.reason or "")
    return outcome


def _attempt(platform: Platform, delivery: Delivery) -> Outcome:
    try:
        study_id, changed = store_study(platform, _fetch(platform, delivery))
    except StudyQuarantinedError as error:
        return Outcome("quarantined", code=error.code, reason=error.reason)
    except IdhError as error:
        return Outcome("failed", code=error.code, reason=error.reason)
    except Exception as error:
        return Outcome("failed", code="E_UNEXPECTED", reason=without_text(error))
    return Outcome("ingested" if changed else "unchanged", study_id=study_id)


def _fetch(platform: Platform, delivery: Delivery) -> dict[str, bytes]:
    if delivery.source == "bucket":
        return unzip(platform.drop.get(delivery.locator, etag=delivery.fingerprint))
    pacs = platform.settings.pacs
    if pacs is None:
        raise RunRefusedError("E_PREFLIGHT", "the PACS of this delivery is no longer configured")
    received = dimse.retrieve(pacs, delivery.locator, int(delivery.fingerprint))
    return {f"{number:06d}.dcm": content for number, content in enumerate(received)}


def reconcile(platform: Platform, discovery: Discovery) -> bool:
    """Check that everything found has an outcome; tell whether anything new was ingested.

    Raises
    ------
    RunRefusedError
        ``E_RECONCILE`` if a delivery is still open: a night with something missing is not green.
    """
    items = [item for batch in discovery["batches"] for item in batch["ids"]]
    with platform.database.begin() as transaction:
        states = Counter(inbox.get(transaction, item)[1] for item in items)
        states["known"] = discovery["found"] - len(items)
        audit.record(transaction, "ingest", "reconciled", "night", found=discovery["found"], **states)
    log.info("reconciled: %s", dict(states))
    missing = states["found"] + states["failed"]
    if missing:
        raise RunRefusedError("E_RECONCILE", f"{missing} deliveries have no outcome; see phi.inbox")
    return states["ingested"] > 0


def ingest(platform: Platform, sources: tuple[str, ...] = SOURCES, since: date | None = None) -> bool:
    """Run the whole night without Airflow; tell whether anything new was ingested."""
    discovery = discover(platform, sources, since)
    for batch in discovery["batches"]:
        ingest_batch(platform, batch["ids"])
    return reconcile(platform, discovery)

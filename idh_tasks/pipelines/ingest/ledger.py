"""The ledger of an archive: a part of it is listed in full each night, and known studies are compared with it.

The nightly listing asks for the latest study dates only; here, what it cannot see is found: studies of old dates that
arrived late, corrected patients, changed series, and studies that the archive does not list any more.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from idh_tasks.codes import Code
from idh_tasks.db import audit, inbox, ledger, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.ledger import CheckedStudy, SliceBalance
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.errors import IdhError, RunRefusedError, TransientError
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest.selection import select
from idh_tasks.pipelines.ingest.slices import Period, cut_to, next_period
from idh_tasks.pipelines.ingest.sources.archives import Archive, configured, list_period
from idh_tasks.pipelines.ingest.sources.items import series_digest, study_items
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

UNLISTED = "the archive does not list the study any more; what is stored stays as it is"


@dataclass(frozen=True)
class Checked:
    """How many studies were listed in full, are to be ingested, are missing at the archive, and have changed there."""

    listed: int = 0
    open: int = 0
    missing: int = 0
    changed: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Checked(*(one + another for one, another in pairs))


def check_archives(platform: Platform) -> Checked:
    """List the next slices of every archive, and compare known studies with it.

    Raises
    ------
    RunRefusedError
        ``E_LEDGER`` if a slice does not add up, or if an archive could not be listed completely; the others are listed
        first.
    """
    checked = Checked()
    faults: list[str] = []
    for archive in configured(platform):
        for check in (_check_slices, _check_series):
            try:
                found, unbalanced = check(platform, archive)
                checked, faults = checked + found, [*faults, *unbalanced]
            except IdhError as error:
                faults.append(f"{archive.source} could not be listed ({error})")
    if faults:
        raise RunRefusedError(Code.E_LEDGER, "; ".join(faults))
    return checked


def _check_slices(platform: Platform, archive: Archive) -> tuple[Checked, list[str]]:
    slices = list_slices(platform, archive)
    balances = [balance for balance, _ in slices]
    gaps = [gap for _, gap in slices if gap]
    unbalanced = [_in_words(balance) for balance in balances if not balance.adds_up]
    return _total(balances), [f"{archive.source}: {fault}" for fault in unbalanced + gaps]


def _check_series(platform: Platform, archive: Archive) -> tuple[Checked, list[str]]:
    return Checked(changed=verify_series(platform, archive)), []


def _total(balances: Sequence[SliceBalance]) -> Checked:
    return sum((Checked(one.listed, one.open, one.missing) for one in balances), Checked())


def list_slices(platform: Platform, archive: Archive) -> list[tuple[SliceBalance, str]]:
    """List as many slices as a night may, each after the one before; return their balances and what is not listed."""
    return [_next_slice(platform, archive) for _ in range(platform.settings.listing.slices)]


def _next_slice(platform: Platform, archive: Archive) -> tuple[SliceBalance, str]:
    with platform.database.begin() as transaction:
        last = ledger.last_slice(transaction, archive.source)
    period = next_period(last, datetime.now(UTC).date(), platform.settings.listing)
    if period is None:
        return _account(platform, archive, None, _undated(platform, archive)), ""
    listed = list_period(archive, period.since, period.until)
    balance = _account(platform, archive, *cut_to(period, listed.studies, platform.settings.listing))
    return balance, listed.incomplete


def _undated(platform: Platform, archive: Archive) -> list[PacsStudy]:
    """Return the studies without a date; no period asks for them, so that the whole archive is listed for it."""
    with platform.database.begin() as transaction:
        listed = ledger.listed_in_pass(transaction, archive.source)
    try:
        if listed <= platform.settings.listing.undated_studies:
            return archive.undated()
        why = f"{listed} studies would have to be listed"
    except TransientError as error:
        if error.code is not Code.E_QUERY_TRUNCATED:
            raise
        why = error.reason
    log.warning("%s: studies without a study date are not looked for: %s", archive.source, why)
    return []


def _account(platform: Platform, archive: Archive, period: Period | None, listed: Sequence[PacsStudy]) -> SliceBalance:
    """Register what is new in a slice, and keep its balance."""
    taken, excluded = select(platform, archive.source, listed)
    items = study_items(platform, archive.source, taken)
    since, until = (period.since, period.until) if period else (None, None)
    missing = _missing(platform, archive, since, until, listed)
    with platform.database.begin() as transaction:
        item_ids = inbox.enter(transaction, archive.source, items)
        standing = ledger.standing(transaction, item_ids)
        _name(transaction, missing, [study.study_uid for study in listed])
        balance = SliceBalance(
            archive.source, since, until, len(listed), **vars(standing),
            excluded=sum(excluded.values()), missing=len(missing),
        )  # fmt: skip
        ledger.keep(transaction, balance)
        audit.record(transaction, "ingest", "slice listed", archive.source, **_stated(balance), reasons=dict(excluded))
    log.log(logging.INFO if balance.adds_up else logging.ERROR, "%s: %s", archive.source, _in_words(balance))
    return balance


def _missing(
    platform: Platform, archive: Archive, since: date | None, until: date | None, listed: Sequence[PacsStudy]
) -> list[str]:
    """Return the UIDs of studies that the archive does not list under any date."""
    with platform.database.begin() as transaction:
        uids = [study.study_uid for study in listed]
        unlisted = ledger.unlisted(transaction, archive.source, since, until, uids)
    still_there = {study.study_uid for study in archive.known(unlisted)} if unlisted else set()
    return [uid for uid in unlisted if uid not in still_there]


def _name(transaction: Transaction, missing: Sequence[str], listed: Sequence[str]) -> None:
    ledger.mark_listed(transaction, listed)
    for study_id in ledger.mark_missing(transaction, missing):
        quarantine.record(transaction, [QuarantineEntry(study_id, "study", Code.W_NOT_LISTED, UNLISTED)], study_id)


def verify_series(platform: Platform, archive: Archive) -> int:
    """Compare what an archive states of known studies with their last retrieve or comparison; count what has changed.

    A changed study is fetched again by the next night.
    """
    with platform.database.begin() as transaction:
        studies = ledger.unchecked(transaction, archive.source, platform.settings.listing.verified)
    if not studies:
        return 0
    uids = [study.study_instance_uid for study in studies]
    listed, series = archive.known(uids), archive.series(uids)
    digests = {
        one.study_id: series_digest(platform, series.get(one.study_instance_uid, frozenset())) for one in studies
    }
    changed = [one for one in studies if _has_changed(one, digests[one.study_id])]
    gone = sorted(set(uids) - {study.study_uid for study in listed})
    with platform.database.begin() as transaction:
        inbox.enter(transaction, archive.source, study_items(platform, archive.source, listed))
        ledger.keep_digests(transaction, digests)
        ledger.reopen(transaction, archive.source, [one.study_instance_uid for one in changed])
        for one in changed:
            audit.record(transaction, "ingest", "series changed", one.study_id, source=archive.source)
        _name(transaction, gone, [study.study_uid for study in listed])
        counts = {"checked": len(studies), "changed": len(changed), "missing": len(gone)}
        audit.record(transaction, "ingest", "series verified", archive.source, **counts)
    log.info("%s: series of %d known studies verified, %d changed, %d missing", archive.source, *counts.values())
    return len(changed)


def _has_changed(study: CheckedStudy, digest: str | None) -> bool:
    return bool(study.series_digest and digest and study.series_digest != digest)


def _in_words(balance: SliceBalance) -> str:
    period = f"{balance.since} to {balance.until}" if balance.since else "without a study date"
    parts = ", ".join(f"{getattr(balance, name)} {name}" for name in ("known", "held", "open", "excluded"))
    sign = "=" if balance.adds_up else "≠"
    return f"{period}: {balance.listed} listed {sign} {parts}; {balance.missing} missing"


def _stated(balance: SliceBalance) -> dict[str, object]:
    dates = {"since": str(balance.since or ""), "until": str(balance.until or "")}
    return {**vars(balance), **dates}

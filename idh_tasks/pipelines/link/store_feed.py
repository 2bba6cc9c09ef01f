"""Stores the reports and merges of a feed under our keys, all of them or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import audit, feed, identities, links, quarantine, reports
from idh_tasks.db.engine import Transaction
from idh_tasks.db.feed import FeedReading, FeedSource
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.pathology import FeedContent, RejectedReport
from idh_tasks.errors import IdhError
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.pipelines.link.records import merge_event, named_patients, report_record
from idh_tasks.pipelines.platform import Platform

NO_ISSUER = "neither the report nor the settings state the issuer of the identifier"
INVALID = "column {} has an invalid value"


@dataclass(frozen=True)
class StoredContent:
    """How many report versions were new, and how many reports were held."""

    new: int
    held: int


def store_content(platform: Platform, transaction: Transaction, content: FeedContent) -> StoredContent:
    """Store reports and merges, except those of patients who withdrew; hold the reports that cannot be used."""
    pseudonymiser, age_rule = platform.pseudonymiser, platform.settings.linkage.age_rule
    links.lock(transaction)
    patients = named_patients(pseudonymiser, content)
    erased = identities.erased(transaction, [patient.patient_key for patient in patients])
    records = [(report_record(pseudonymiser, report, age_rule=age_rule), report) for report in content.reports]
    events = [event for notice in content.merges if (event := merge_event(pseudonymiser, notice)) is not None]
    reports.save_patients(transaction, [patient for patient in patients if patient.patient_key not in erased])
    new = reports.save_reports(transaction, [pair for pair in records if pair[0].patient_key not in erased])
    links.save_merges(transaction, [e for e in events if not {e.prior_key, e.surviving_key} & erased])
    held = [_rejected(pseudonymiser, report) for report in content.rejected]
    quarantine.record(transaction, held)
    return StoredContent(new, len(held))


def _rejected(pseudonymiser: Pseudonymiser, report: RejectedReport) -> QuarantineEntry:
    subject = pseudonymiser.token("misfit", report.report_id)
    if report.column == "issuer":
        return QuarantineEntry(subject, "report", Code.E_ISSUER, report.reason or NO_ISSUER)
    place = "" if report.line is None else f"line {report.line}: "
    reason = f"{place}{report.reason or INVALID.format(report.column)}; the other reports were stored"
    return QuarantineEntry(subject, "report", Code.E_SCHEMA, reason)


def record_reading(transaction: Transaction, reading: FeedReading) -> None:
    """Record a reading of a source, and its audit event."""
    feed.save_reading(transaction, reading)
    counts = {"read": reading.reports_read, "new": reading.reports_new, "held": reading.held, "flag": reading.flag}
    audit.record(transaction, "link", "feed read", "pathology", **counts)


@contextmanager
def failure_recorded(platform: Platform, source: FeedSource) -> Iterator[None]:
    """Record that a source could not be read, if it cannot, for the page of the morning."""
    try:
        yield
    except IdhError as error:
        with platform.database.begin() as transaction:
            record_reading(transaction, FeedReading(source=source, flag=error.code, reason=error.reason))
        raise

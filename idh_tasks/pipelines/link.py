"""Link: load pathology results, resolve the IDH status, link studies to cases."""

import logging
from itertools import groupby

from idh_tasks.db import audit, identities, patches, pathology, quarantine
from idh_tasks.db.identities import Identity
from idh_tasks.db.pathology import ReportRecord
from idh_tasks.db.quarantine import HeldBack
from idh_tasks.domain.pathology import LaboratoryRow
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.pseudonym import normalise_identifier
from idh_tasks.linkage.idh_rules import WHO_2021, resolve_idh_status
from idh_tasks.linkage.vocabulary import read_assay
from idh_tasks.pipelines.platform import Platform, preprocessing_version

log = logging.getLogger(__name__)


def load_reports(platform: Platform) -> int:
    """Load every report version of the laboratory that is not known yet; return how many were new."""
    rows = pathology.read_laboratory(platform.laboratory)
    reports = [list(found) for _, found in groupby(rows, key=lambda row: (row.report_id, row.version))]
    new = sum(_load_report(platform, report) for report in reports)
    log.info("%d reports read, %d new", len(reports), new)
    return new


def _load_report(platform: Platform, rows: list[LaboratoryRow]) -> bool:
    report = _record(platform, rows)
    try:
        with platform.database.begin() as transaction:
            identities.register_patient(transaction, _identity(rows[0], report))
            new = pathology.save_report(transaction, report)
            pathology.save_source(transaction, report.report_key, rows)
            return new
    except StudyQuarantinedError as error:
        held = HeldBack(report.report_key, "report", error.code, error.reason)
        with platform.database.begin() as transaction:
            quarantine.hold_back(transaction, [held])
        log.warning("report %s: %s", report.report_key, error.code)
        return False


def _identity(row: LaboratoryRow, report: ReportRecord) -> Identity:
    return Identity(report.patient_key, row.issuer, normalise_identifier(row.patient_id), None, row.birth_date, row.sex)


def _record(platform: Platform, rows: list[LaboratoryRow]) -> ReportRecord:
    first, secret = rows[0], platform.pseudonymiser
    patient = secret.patient(first.issuer, first.patient_id)
    assays = tuple(read_assay(row.method, row.result) for row in rows)
    age = float(first.age_years) if first.age_years is not None else None
    decision = resolve_idh_status(assays, age, platform.settings.linkage.age_rule)
    return ReportRecord(
        report_key=secret.token("report", first.issuer, first.report_id),
        version=first.version,
        patient_key=patient,
        report_status=first.report_status,
        diagnosis=first.diagnosis,
        surgery_date=secret.shifted(patient, first.surgery_date) if first.surgery_date else None,
        specimen_date=secret.shifted(patient, first.specimen_date) if first.specimen_date else None,
        age_years=age,
        decision=decision,
        who_2021=WHO_2021[decision.status],
        assays=assays,
    )


def link_cases(platform: Platform) -> bool:
    """Link studies to their pathology; tell whether there is new work for preprocessing."""
    with platform.database.begin() as transaction:
        changed = pathology.link(transaction, platform.settings.linkage.window_days)
        outcomes = {row["outcome"]: row["studies"] for row in transaction.rows("count_cases")}
        audit.record(transaction, "link", "linked", "cases", changed=changed, **outcomes)
        due = patches.due_studies(transaction, preprocessing_version(platform))
    log.info("%d links changed; cases: %s", changed, outcomes)
    return changed > 0 or bool(due)


def link(platform: Platform) -> bool:
    """Load and link without Airflow; tell whether there is new work for preprocessing."""
    load_reports(platform)
    return link_cases(platform)

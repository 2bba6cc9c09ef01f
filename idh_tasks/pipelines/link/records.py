"""Puts reports, patients and merges under our keys: pseudonyms, shifted dates, and the IDH status."""

from datetime import UTC, date

from idh_tasks.db.links import MergeEvent
from idh_tasks.db.reports import NamedPatient, ReportRecord
from idh_tasks.domain.pathology import FeedContent, MergeNotice, Report
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser, normalise_identifier
from idh_tasks.linkage.diagnosis import is_glioblastoma
from idh_tasks.linkage.idh_rules import WHO_2016, WHO_2021, resolve_idh_status
from idh_tasks.linkage.words.results import read_assays
from idh_tasks.linkage.words.shown import known_words


def report_record(pseudonymiser: Pseudonymiser, report: Report, *, age_rule: bool) -> ReportRecord:
    """Return a report under our keys, with the IDH status that follows from its assays."""
    patient = pseudonymiser.patient(report.issuer, report.patient_id)
    assays = tuple((assay, known_words(a.result)) for a in report.assays for assay in read_assays(a.method, a.result))
    decision = resolve_idh_status([assay for assay, _ in assays], report.age_years, age_rule)
    return ReportRecord(
        report_key=pseudonymiser.token("report", report.issuer, report.report_id),
        version=report.version,
        patient_key=patient,
        report_status=report.status.value,
        glioblastoma=is_glioblastoma(f"{report.diagnosis} {report.diagnosis_codes}"),
        surgery_date=_shifted(pseudonymiser, patient, report.surgery_date),
        specimen_date=_shifted(pseudonymiser, patient, report.specimen_date),
        age_years=report.age_years,
        decision=decision,
        who_2016=WHO_2016[decision.status],
        who_2021=WHO_2021[decision.status],
        assays=assays,
    )


def named_patients(pseudonymiser: Pseudonymiser, content: FeedContent) -> list[NamedPatient]:
    """Return the patients whom the reports and merges of a feed name, some of them repeatedly."""
    identifiers = [(report.issuer, report.patient_id) for report in content.reports]
    identifiers += [(merge.issuer, name) for merge in content.merges for name in (merge.prior_id, merge.surviving_id)]
    return [_named_patient(pseudonymiser, issuer, identifier) for issuer, identifier in identifiers]


def merge_event(pseudonymiser: Pseudonymiser, notice: MergeNotice) -> MergeEvent | None:
    """Return a merge under our keys, or None if both identifiers already have the same key."""
    prior, surviving = (pseudonymiser.patient(notice.issuer, name) for name in (notice.prior_id, notice.surviving_id))
    if prior == surviving:
        return None
    at = notice.at.astimezone(UTC).isoformat()
    event_id = pseudonymiser.token("merge", prior, surviving, at, str(notice.undone))
    return MergeEvent(event_id, prior, surviving, notice.undone, notice.at, "registry")


def _named_patient(pseudonymiser: Pseudonymiser, issuer: str, identifier: str) -> NamedPatient:
    patient = pseudonymiser.patient(issuer, identifier)
    return NamedPatient(patient, normalise_identifier(issuer), identifier.strip(), pseudonymiser.shift_days(patient))


def _shifted(pseudonymiser: Pseudonymiser, patient: PatientKey, day: date | None) -> date | None:
    return pseudonymiser.shifted(patient, day) if day else None

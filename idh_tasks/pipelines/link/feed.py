"""Feed: read the laboratory's view and the files it leaves in the bucket, and store what is new."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from idh_tasks.codes import Code
from idh_tasks.db import audit, identities, pathology, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.pathology import MergeEvent, NamedPatient, ReportRecord
from idh_tasks.db.quarantine import HeldBack
from idh_tasks.domain.pathology import Delivery, MergeNotice, Report
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import IdhError, RunRefusedError, TransientError, without_text
from idh_tasks.intake.deidentification.pseudonym import normalise_identifier
from idh_tasks.linkage.diagnosis import is_glioblastoma
from idh_tasks.linkage.feed.fhir import read_fhir
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.linkage.feed.tables import read_csv, read_excel
from idh_tasks.linkage.idh_rules import WHO_2016, WHO_2021, resolve_idh_status
from idh_tasks.linkage.vocabulary import known_words, read_assay
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import Listed

log = logging.getLogger(__name__)

READERS: dict[str, Callable[[bytes, str], Delivery]] = {
    ".csv": read_csv,
    ".xlsx": read_excel,
    ".hl7": read_hl7,
    ".json": read_fhir,
}
"""By the end of an object's name."""
SOURCE = "pathology"
USUAL_ROWS, DROP = 10, 0.1
"""With fewer rows than this share of what was usual, and at least so many usual, a feed has broken."""


def load_reports(platform: Platform) -> int:
    """Load what the laboratory has that is not known yet; return how many report versions were new.

    Raises
    ------
    RunRefusedError
        ``E_FEED_DROP`` if its view suddenly has far fewer rows, ``E_SCHEMA`` if a column has changed, ``E_FEED``
        if a file was held; what could be read is stored before.
    TransientError
        If the laboratory or our database is away; nothing is half stored.
    """
    new, away = 0, None
    try:
        new = _load_view(platform)
    except IdhError as error:  # the files are read all the same
        away = error
    files = [_load_file(platform, item) for item in _new_files(platform)]
    if away is not None:
        raise away
    held = [code for code, _ in files if code]
    if held:
        raise RunRefusedError(
            Code.E_FEED, f"{len(held)} files of the laboratory are held: {', '.join(sorted(set(held)))}"
        )
    return new + sum(count for _, count in files)


def _load_view(platform: Platform) -> int:
    if platform.laboratory is None:
        return 0
    there = platform.laboratory.count()
    _check_usual(platform, there)
    with platform.database.begin() as transaction:
        known = transaction.one("watermarks/select_watermark", source=SOURCE)
    rows, latest = platform.laboratory.rows(datetime.fromisoformat(known["position"]) if known else None)
    delivery = read_rows(rows, platform.settings.issuer)
    with platform.database.begin() as transaction:
        new, held = store(platform, transaction, delivery)
        if latest is not None:
            transaction.run("watermarks/upsert_watermark", source=SOURCE, position=latest.isoformat())
        _record_night(transaction, there, len(delivery.reports), new, held)
    log.info("view: %d rows there, %d reports read, %d new, %d held", there, len(delivery.reports), new, held)
    return new


def _check_usual(platform: Platform, there: int) -> None:
    """Stop where the view has lost most of its rows: labels of people do not vanish."""
    with platform.database.begin() as transaction:
        usual = transaction.rows("feed/select_usual_feed")[0]["rows_there"] or 0
        if usual < USUAL_ROWS or there >= DROP * usual:
            return
        _record_night(transaction, there, 0, 0, 0, Code.E_FEED_DROP)
    raise RunRefusedError(
        Code.E_FEED_DROP, f"the laboratory's view has {there} rows, usual are {usual}; nothing was taken"
    )


def _record_night(
    transaction: Transaction, there: int | None, read: int, new: int, held: int, flag: str | None = None
) -> None:
    transaction.run(
        "feed/insert_feed_night", rows_there=there, reports_read=read, reports_new=new, held=held, flag=flag
    )
    audit.record(transaction, "link", "feed read", SOURCE, read=read, new=new, held=held, flag=flag)


def _new_files(platform: Platform) -> Iterator[tuple[str, Listed]]:
    """Yield the dropped files that were not read yet, with our ids; what ends unlike any format is none of ours."""
    with platform.database.begin() as transaction:
        known = {row["file_id"] for row in transaction.rows("feed/select_feed_files")}
    for item in platform.pathology_drop.listed(platform.settings.store.pathology_prefix):
        file_id = platform.pseudonymiser.token("feed", item.key, item.etag)
        if file_id not in known and PurePosixPath(item.key).suffix.lower() in READERS:
            yield file_id, item


def _load_file(platform: Platform, found: tuple[str, Listed]) -> tuple[str | None, int]:
    """Load one file whole or hold it; return the code if it was held, and how many reports were new."""
    file_id, item = found
    read = READERS[PurePosixPath(item.key).suffix.lower()]
    try:
        delivery = read(platform.pathology_drop.get(item.key, item.etag), platform.settings.issuer)
    except TransientError:
        raise
    except Exception as error:  # a file can break a parser in many ways; the other files are read
        return _hold_file(platform, file_id, error), 0
    with platform.database.begin() as transaction:
        new, misfits = store(platform, transaction, delivery)
        _record_file(transaction, file_id, delivery)
        _record_night(transaction, None, len(delivery.reports), new, misfits)
    log.info("file %s: %d reports, %d new, %d held", file_id, len(delivery.reports), new, misfits)
    return None, new


def _hold_file(platform: Platform, file_id: str, error: Exception) -> str:
    known = error if isinstance(error, IdhError) else IdhError(Code.E_FEED_FORMAT, without_text(error))
    with platform.database.begin() as transaction:
        _record_file(transaction, file_id, Delivery(), known)
        quarantine.hold_back(transaction, [HeldBack(file_id, "delivery", known.code, known.reason)])
    log.warning("file %s: %s", file_id, known)
    return known.code


def _record_file(transaction: Transaction, file_id: str, delivery: Delivery, error: IdhError | None = None) -> None:
    transaction.run(
        "feed/insert_feed_file",
        file_id=file_id,
        state="held" if error else "read",
        code=error.code if error else None,
        reason=error.reason if error else None,
        reports=len(delivery.reports),
        merges=len(delivery.merges),
    )


def store(platform: Platform, transaction: Transaction, delivery: Delivery) -> tuple[int, int]:
    """Store reports and merges under our keys, all or none; return how many reports were new and how many held."""
    found = [(_record(platform, report), report) for report in delivery.reports]
    merges = [event for notice in delivery.merges if (event := _event(platform, notice)) is not None]
    named = [_named(platform, report.issuer, report.patient_id) for report in delivery.reports]
    named += [
        _named(platform, n.issuer, identifier) for n in delivery.merges for identifier in (n.prior_id, n.surviving_id)
    ]
    gone = identities.erased(transaction, [patient.patient_key for patient in named])
    reports = [(ours, theirs) for ours, theirs in found if ours.patient_key not in gone]
    events = [event for event in merges if not {event.prior_key, event.surviving_key} & gone]
    pathology.save_patients(transaction, [patient for patient in named if patient.patient_key not in gone])
    saved = pathology.save_reports(transaction, reports)
    pathology.save_merges(transaction, events)
    held = [_misfit(platform, m.column, m.report_id) for m in delivery.misfits]
    held += [HeldBack(key, "report", Code.E_REPORT_CONFLICT, CONTRADICTED) for key in saved.contradicted]
    quarantine.hold_back(transaction, held)
    return saved.new, len(held)


CONTRADICTED = "the version is known with other content; the first one stays, a change needs a new version"


def _misfit(platform: Platform, column: str, report_id: str) -> HeldBack:
    subject = platform.pseudonymiser.token("misfit", report_id)
    if column == "issuer":
        return HeldBack(subject, "report", Code.E_ISSUER, "neither report nor settings say whose identifier it is")
    return HeldBack(subject, "report", Code.E_SCHEMA, f"column {column} holds what it must not; the rest was taken")


def _named(platform: Platform, issuer: str, identifier: str) -> NamedPatient:
    patient = platform.pseudonymiser.patient(issuer, identifier)
    return NamedPatient(
        patient, normalise_identifier(issuer), identifier.strip(), platform.pseudonymiser.shift_days(patient)
    )


def _event(platform: Platform, notice: MergeNotice) -> MergeEvent | None:
    secret = platform.pseudonymiser
    prior, surviving = (secret.patient(notice.issuer, name) for name in (notice.prior_id, notice.surviving_id))
    if prior == surviving:
        return None
    event_id = secret.token("merge", prior, surviving, notice.at.astimezone(UTC).isoformat(), str(notice.undone))
    return MergeEvent(event_id, prior, surviving, notice.undone, notice.at, "registry")


def _record(platform: Platform, report: Report) -> ReportRecord:
    secret = platform.pseudonymiser
    patient = secret.patient(report.issuer, report.patient_id)
    assays = tuple((read_assay(a.method, a.result), known_words(a.result)) for a in report.assays if a.method)
    decision = resolve_idh_status([assay for assay, _ in assays], report.age_years, platform.settings.linkage.age_rule)
    return ReportRecord(
        report_key=secret.token("report", report.issuer, report.report_id),
        version=report.version,
        patient_key=patient,
        report_status=report.status.value,
        glioblastoma=is_glioblastoma(f"{report.diagnosis} {report.diagnosis_codes}"),
        surgery_date=_shifted(platform, patient, report.surgery_date),
        specimen_date=_shifted(platform, patient, report.specimen_date),
        age_years=report.age_years,
        decision=decision,
        who_2016=WHO_2016[decision.status],
        who_2021=WHO_2021[decision.status],
        assays=assays,
    )


def _shifted(platform: Platform, patient: PatientKey, day: date | None) -> date | None:
    return platform.pseudonymiser.shifted(patient, day) if day else None

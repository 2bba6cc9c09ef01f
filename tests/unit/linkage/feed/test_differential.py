"""The same reports in every format give the same reports, versions and labels."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.domain.pathology import AssayMethod, AssayResult, Channel, FeedContent, IdhStatus, Report, ReportStatus
from idh_tasks.linkage.diagnosis import is_glioblastoma
from idh_tasks.linkage.feed.files import by_channel, read_file
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays
from tests import feed_writers
from tests.feed_writers import WrittenReport, generated

NUMBER, PER_FILE = 500, 50
MEANT = {
    "IHC": AssayMethod.IHC_R132H,
    "SEQ1": AssayMethod.IDH1_SEQUENCING,
    "SEQ2": AssayMethod.IDH2_SEQUENCING,
}
CHANNELS = {"csv": Channel.TABLE, "xlsx": Channel.TABLE, "hl7": Channel.HL7, "json": Channel.FHIR, "view": Channel.VIEW}


WRITERS: dict[str, Callable[[list[WrittenReport]], bytes]] = {
    "a.csv": feed_writers.as_csv,
    "a.xlsx": feed_writers.as_excel,
    "a.hl7": feed_writers.as_hl7,
    "text.json": partial(feed_writers.as_fhir, coded=False),
    "coded.json": partial(feed_writers.as_fhir, coded=True),
}


def read(name: str, reports: list[WrittenReport], folder: Path) -> FeedContent:
    if name == "view":
        laboratory = Laboratory(
            feed_writers.as_view(reports, folder / f"{reports[0].report_id}.db"), LaboratoryMapping()
        )
        return by_channel(read_rows(laboratory.read(None, datetime.now(UTC)).rows), Channel.VIEW)
    return read_file(name, WRITERS[name](reports))


def stated(report: Report) -> Mapping[str, object]:
    """Return what a report states, read by the platform."""
    assays = [one for assay in report.assays for one in read_assays(assay.method, assay.result)]
    return {
        "key": (report.issuer, report.patient_id, report.report_id),
        "version": report.version,
        "status": (report.status, report.corrected),
        "person": (report.birth_date, report.sex),
        "dates": (report.surgery_date, report.specimen_date),
        "glioblastoma": is_glioblastoma(f"{report.diagnosis} {report.diagnosis_codes}"),
        "assays": sorted((assay.method.value, assay.result.value) for assay in assays),
        "label": resolve_idh_status(assays).status,
    }


def meant(report: WrittenReport) -> Mapping[str, object]:
    """Return what a report means, by other rules than the platform's."""
    status = ReportStatus.FINAL if report.status == "corrected" else ReportStatus(report.status)
    results = dict(report.assays)
    label = IdhStatus.INDETERMINATE
    if "positive" in results.values():
        label = IdhStatus.MUTANT
    elif results.get("SEQ1") == results.get("SEQ2") == "negative":
        label = IdhStatus.WILDTYPE
    return {
        "key": ("H", report.patient_id, report.report_id),
        "version": report.version,
        "status": (status, report.status == "corrected"),
        "person": (report.birth_date, report.sex),
        "dates": (report.surgery_date, report.specimen_date),
        "glioblastoma": report.diagnosis.startswith("Glioblastoma"),
        "assays": sorted((MEANT[code].value, AssayResult(result).value) for code, result in report.assays),
        "label": label,
    }


@pytest.mark.parametrize("name", [*WRITERS, "view"])
def test_the_same_reports_are_read_from_every_format(name: str, tmp_path: Path) -> None:
    reports = generated(NUMBER)
    parts = [reports[start : start + PER_FILE] for start in range(0, NUMBER, PER_FILE)]
    contents = [read(name, part, tmp_path) for part in parts]
    assert [rejected for content in contents for rejected in content.rejected] == []
    as_read: list[Any] = [report for content in contents for report in content.reports]
    assert {report.channel for report in as_read} == {CHANNELS[name.rpartition(".")[2]]}
    assert sorted(map(stated, as_read), key=_key) == sorted(map(meant, reports), key=_key)


def test_the_reports_have_every_label_and_every_status() -> None:
    all_meant = [meant(report) for report in generated(NUMBER)]
    labels = [m["label"] for m in all_meant]
    assert min(labels.count(label) for label in IdhStatus) >= 30
    assert len({m["status"] for m in all_meant}) == 4


def _key(statement: Mapping[str, object]) -> str:
    return str(statement["key"])

"""Reads the reports and merges of a FHIR file; what is refused is named, and the others are read."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from idh_tasks.domain.pathology import FeedContent, MergeNotice, RejectedReport
from idh_tasks.linkage.feed.fhir.concepts import codes, words
from idh_tasks.linkage.feed.fhir.entries import READ, Entry, read_entries, read_lines
from idh_tasks.linkage.feed.fhir.patient import merges, patient_columns
from idh_tasks.linkage.feed.fhir.references import Node, Resources
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.results import FINAL, PENDING, Results, is_about_idh
from idh_tasks.linkage.feed.fhir.specimen import read_specimens
from idh_tasks.linkage.feed.fhir.surgery import surgery_day
from idh_tasks.linkage.feed.fhir.version import report_revision, report_version
from idh_tasks.linkage.feed.observations import Observation, ObservationState
from idh_tasks.linkage.feed.rows import read_rows

Row = dict[str, object]
WITHDRAWN = ("cancelled", "entered-in-error", "unknown")


@dataclass(frozen=True)
class _Rows:
    """A report with its rows, of which there is at least one, and the Observations that it used."""

    node: Node
    rows: list[Row]
    used: frozenset[int] = frozenset()

    @property
    def contents(self) -> list[Row]:
        return [row | {"line": None} for row in self.rows]

    @property
    def version(self) -> tuple[object, ...]:
        return tuple(self.rows[0][name] for name in ("issuer", "report_id", "version"))


def read_fhir(content: bytes, issuer: str = "", authorities: Collection[str] = ()) -> FeedContent:
    """Read a bundle, or a single DiagnosticReport that contains everything.

    Parameters
    ----------
    issuer
        The issuer of identifiers that state none.
    authorities
        Names of the authorities whose medical record numbers are used; empty accepts any.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` if the file is none of these.
    """
    return _content(read_entries(content), issuer, authorities)


def read_ndjson(content: bytes, issuer: str = "", authorities: Collection[str] = ()) -> FeedContent:
    """Read a bulk export, with one resource per line, as if the lines were a bundle.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` naming the line that is not a resource.
    """
    return _content(read_lines(content), issuer, authorities)


def _content(entries: Sequence[Entry], issuer: str, authorities: Collection[str]) -> FeedContent:
    resources = Resources(entries)
    rejected = [_fault(entry) for entry in resources.entries if entry.fault]
    reports: list[_Rows] = []
    for node in resources.of_kind("DiagnosticReport"):
        with _rejecting(node, rejected):
            reports.append(_read(node, resources, authorities))
    notices: list[MergeNotice] = []
    for node in resources.of_kind("Patient"):
        with _rejecting(node, rejected):
            notices.extend(merges(node, resources, issuer, authorities))
    rejected += [] if rejected else _orphans(resources, reports)
    read = read_rows([row for report in _distinct(reports, rejected) for row in report.rows], issuer)
    return replace(read, merges=tuple(dict.fromkeys(notices)), rejected=(*read.rejected, *rejected))


@contextmanager
def _rejecting(node: Node, rejected: list[RejectedReport]) -> Iterator[None]:
    """Add what is refused of a resource to the rejected ones, so that the others are read."""
    try:
        yield
    except ResourceRefusedError as error:
        rejected.append(RejectedReport(error.column, _report_id(node), node.entry.number, error.reason))


def _distinct(reports: Sequence[_Rows], rejected: list[RejectedReport]) -> list[_Rows]:
    """Return the reports, without those that state one version differently; equal ones count once."""
    versions: dict[tuple[object, ...], list[_Rows]] = defaultdict(list)
    for report in reports:
        versions[report.version].append(report)
    for same in versions.values():
        if any(report.contents != same[0].contents for report in same):
            reason = "the file states this version of the report several times, differently"
            rejected += [RejectedReport("version", _report_id(r.node), r.node.entry.number, reason) for r in same]
    return [same[0] for same in versions.values() if all(report.contents == same[0].contents for report in same)]


def _orphans(resources: Resources, reports: Sequence[_Rows]) -> list[RejectedReport]:
    """Name the tests of IDH that no report names; those of a withdrawn report are withdrawn with it."""
    used = frozenset[int]().union(*(report.used for report in reports))
    if any(report.rows[0]["report_status"] == "cancelled" for report in reports):
        return []
    lost = [n for n in resources.of_kind("Observation") if id(n.resource) not in used and is_about_idh(n.resource)]
    reason = "a test of IDH belongs to no report of the file"
    return [RejectedReport("result", f"entry {n.entry.number}", n.entry.number, reason) for n in lost]


def _fault(entry: Entry) -> RejectedReport:
    column = "report_status" if entry.kind == "DiagnosticReport" else "result"
    name = f"{entry.kind}/{entry.id}" if entry.kind in READ and entry.id else f"entry {entry.number}"
    return RejectedReport(column, name, entry.number, entry.fault)


def _report_id(node: Node) -> str:
    """Return the number of a report, preferably the official one or that of the filler, or else the id."""
    stated = [one for one in node.resource.identifier or () if one.value and one.use != "old"]
    best = sorted(stated, key=lambda one: (one.use != "official", "FILL" not in {code for _, code in codes(one.type)}))
    return str(best[0].value if best else node.resource.id or "").strip()


def _read(report: Node, resources: Resources, authorities: Collection[str]) -> _Rows:
    """Read a report into one row per test, as in a table; a report without tests has one row."""
    _check_content(report)
    patient = resources.find(report.resource.subject, report, ("Patient",), "patient_id").resource
    columns: Row = patient_columns(patient, authorities) | _columns(report)
    if columns["report_status"] == "cancelled":
        return _Rows(report, [columns])
    specimens = read_specimens(report, resources, patient)
    results = Results(report, resources, patient, specimens).collect()
    surgery = _surgery(results.surgery_days, surgery_day(report, resources, patient, specimens))
    columns |= {
        "specimen_date": specimens.collected,
        "specimen": specimens.number,
        "surgery_date": surgery,
        "diagnosis": "" if results.diagnosis_pending else _diagnosis(report.resource, results.diagnoses),
    }
    rows = [columns | _test(test) for test in results.tests] or [columns]
    return _Rows(report, rows, frozenset(results.seen | results.withdrawn))


def _check_content(report: Node) -> None:
    resource = report.resource
    if not _report_id(report):
        raise ResourceRefusedError("report_id", "the report has neither an identifier nor an id")
    if resource.status not in (*FINAL, *PENDING, *WITHDRAWN):
        raise ResourceRefusedError("report_status", "the status of the report is none of FHIR's")
    if not report_version(resource):
        raise ResourceRefusedError("version", "the report states neither its time of issue nor a version")
    if resource.presentedForm and not (resource.result or resource.conclusion or resource.conclusionCode):
        raise ResourceRefusedError("result", "the report consists of an attachment only, which is not read")


def _columns(report: Node) -> Row:
    resource = report.resource
    return {
        "line": report.entry.number,
        "report_id": _report_id(report),
        "version": report_version(resource),
        "revision": report_revision(resource),
        "report_status": _status(resource.status),
        "specimen_date": "",
        "specimen": "",
        "surgery_date": "",
        "diagnosis": "",
        "diagnosis_codes": " ".join(
            c.code for one in resource.conclusionCode or () for c in one.coding or () if c.code
        ),
        "method": "",
        "result": "",
    }


def _status(status: str) -> str:
    """Return the status of a report in known words; one that is withdrawn or unknown must not give a label."""
    if status in FINAL:
        return status
    return "preliminary" if status in PENDING else "cancelled"


def _surgery(stated: Collection[str], of_procedures: str) -> str:
    """Return the day of surgery that results and procedures agree on; what a result states comes first."""
    days = {*stated, of_procedures} - {""}
    if len(days) > 1:
        raise ResourceRefusedError("surgery_date", "results and procedures state different days of surgery")
    return days.pop() if days else ""


def _diagnosis(report: Any, diagnoses: Sequence[str]) -> str:
    stated = [report.conclusion, *map(words, report.conclusionCode or ()), *diagnoses]
    return " ".join(dict.fromkeys(text.strip() for text in stated if text and text.strip()))


def _test(test: Observation) -> Row:
    pending = test.state is ObservationState.PENDING
    return {"method": test.name, "result": "pending" if pending else test.value}

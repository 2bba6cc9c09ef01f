"""One DiagnosticReport as rows: its patient, version, status, dates, diagnosis and tests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import codes, words
from idh_tasks.linkage.feed.fhir.patient import patient_columns
from idh_tasks.linkage.feed.fhir.references import Node, Resources
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.results import FINAL, PENDING, Results
from idh_tasks.linkage.feed.fhir.specimen import read_specimens
from idh_tasks.linkage.feed.fhir.surgery import surgery_day
from idh_tasks.linkage.feed.fhir.version import report_revision, report_version
from idh_tasks.linkage.feed.observations import Observation, ObservationState

Row = dict[str, object]
WITHDRAWN = ("cancelled", "entered-in-error", "unknown")


@dataclass(frozen=True)
class ReportRows:
    """A report with its rows, of which there is at least one, and the Observations that it used."""

    node: Node
    rows: list[Row]
    used: frozenset[int] = frozenset()

    @property
    def contents(self) -> list[Row]:
        """Return the rows without their place in the file."""
        return [row | {"line": None} for row in self.rows]

    @property
    def version(self) -> tuple[object, ...]:
        """Return what identifies this version of the report."""
        return tuple(self.rows[0][name] for name in ("issuer", "report_id", "version"))


def report_id(node: Node) -> str:
    """Return the number of a report, preferably the official one or that of the filler, or else the id."""
    stated = [one for one in node.resource.identifier or () if one.value and one.use != "old"]
    best = sorted(stated, key=lambda one: (one.use != "official", "FILL" not in {code for _, code in codes(one.type)}))
    return str(best[0].value if best else node.resource.id or "").strip()


def read_report(report: Node, resources: Resources, authorities: Collection[str]) -> ReportRows:
    """Read a report into one row per test, as in a table; a report without tests has one row.

    Raises
    ------
    ResourceRefusedError
        If something that it needs is missing, contradictory, or of another patient.
    """
    _check_content(report)
    patient = resources.find(report.resource.subject, report, ("Patient",), "patient_id").resource
    columns: Row = patient_columns(patient, authorities) | _columns(report)
    if columns["report_status"] == "cancelled":
        return ReportRows(report, [columns])
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
    return ReportRows(report, rows, frozenset(results.seen | results.withdrawn))


def _check_content(report: Node) -> None:
    resource = report.resource
    if not report_id(report):
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
        "report_id": report_id(report),
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

"""Reads the reports and merges of a FHIR file; what is refused is named, and the others are read."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from idh_tasks.domain.pathology import FeedContent, MergeNotice, RejectedReport
from idh_tasks.linkage.feed.fhir.entries import READ, Entry, read_entries, read_lines
from idh_tasks.linkage.feed.fhir.idh_tests import is_about_idh
from idh_tasks.linkage.feed.fhir.patient import merges
from idh_tasks.linkage.feed.fhir.references import Node, Resources
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.report import ReportRows, read_report, report_id
from idh_tasks.linkage.feed.rows import read_rows


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
    reports: list[ReportRows] = []
    for node in resources.of_kind("DiagnosticReport"):
        with _rejecting(node, rejected):
            reports.append(read_report(node, resources, authorities))
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
        rejected.append(RejectedReport(error.column, report_id(node), node.entry.number, error.reason))


def _distinct(reports: Sequence[ReportRows], rejected: list[RejectedReport]) -> list[ReportRows]:
    """Return the reports, without those that state one version differently; equal ones count once."""
    versions: dict[tuple[object, ...], list[ReportRows]] = defaultdict(list)
    for report in reports:
        versions[report.version].append(report)
    for same in versions.values():
        if any(report.contents != same[0].contents for report in same):
            reason = "the file states this version of the report several times, differently"
            rejected += [RejectedReport("version", report_id(r.node), r.node.entry.number, reason) for r in same]
    return [same[0] for same in versions.values() if all(report.contents == same[0].contents for report in same)]


def _orphans(resources: Resources, reports: Sequence[ReportRows]) -> list[RejectedReport]:
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

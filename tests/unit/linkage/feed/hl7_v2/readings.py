"""What a file of messages was read as: reports and labels, or why it was refused."""

from collections.abc import Collection

import pytest

from idh_tasks.domain.pathology import AssayResult, FeedContent, Report
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

ASKED = "asked"


def read(content: str | bytes, authorities: Collection[str] = ()) -> FeedContent:
    """Read a file."""
    return read_hl7(content if isinstance(content, bytes) else content.encode(), authorities=authorities)


def only(content: str | bytes) -> Report:
    """Return the only report of a file in which nothing was rejected."""
    found = read(content)
    [report] = found.reports
    assert found.rejected == ()
    return report


def label(report: Report) -> str:
    """Return the IDH status of a report, or that a person is asked."""
    assays = [one for assay in report.assays for one in read_assays(assay.method, assay.result)]
    decision = resolve_idh_status(assays)
    unclear = any(assay.result is AssayResult.UNKNOWN for assay in assays)
    return ASKED if unclear else decision.status.value


def labels(content: str | bytes) -> dict[str, str]:
    """Return the label of each patient."""
    return {report.patient_id: label(report) for report in read(content).reports}


def rejected_columns(content: str | bytes, authorities: Collection[str] = ()) -> list[str]:
    """Return the columns for which reports were rejected."""
    return [report.column for report in read(content, authorities).rejected]


def held(content: str | bytes) -> FileHeldError:
    """Return why the whole file is held."""
    with pytest.raises(FileHeldError) as refused:
        read(content)
    return refused.value

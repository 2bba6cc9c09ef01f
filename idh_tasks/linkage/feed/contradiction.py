"""Notices a diagnosis that states the opposite of the results, such as 'IDH-mutant' beside two negative genes."""

import re
from collections.abc import Collection, Iterator

from idh_tasks.domain.pathology import AssayResult, IdhStatus, ReportedAssay
from idh_tasks.linkage.diagnosis import is_glioblastoma
from idh_tasks.linkage.feed.result_text import read_result
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

PART = re.compile(r"[;,()\[\]\n]|\.(?!\d)")
GENE = re.compile(r"\bidh", re.IGNORECASE)
OPPOSITE = {IdhStatus.WILDTYPE: AssayResult.POSITIVE, IdhStatus.MUTANT: AssayResult.NEGATIVE}
BOTH = frozenset(ReportedAssay("IDH", result) for result in ("mutant", "wildtype"))
"""Results that dispute each other: a person is asked, whatever else the report states."""


def with_dispute(assays: Collection[ReportedAssay], diagnosis: str) -> frozenset[ReportedAssay]:
    """Return the assays of a report, with two that dispute each other if the diagnosis contradicts them."""
    stated = set(_stated(diagnosis)) if GENE.search(diagnosis) else set()
    if len(stated) != 1:
        return frozenset(assays)
    read = [one for assay in assays for one in read_assays(assay.method, assay.result)]
    contradicts = OPPOSITE.get(resolve_idh_status(read).status) in stated
    return frozenset(assays) | (BOTH if contradicts else frozenset())


def _stated(diagnosis: str) -> Iterator[AssayResult]:
    """Yield what each part of a diagnosis states of IDH; one negative gene does not exclude the other."""
    for part in filter(GENE.search, PART.split(diagnosis)):
        marker = _without_tumour(part)
        result = read_result(marker, "IDH")
        if result is AssayResult.POSITIVE or (result is AssayResult.NEGATIVE and not re.search(r"\d", marker)):
            yield result


def _without_tumour(part: str) -> str:
    found = GENE.search(part)
    before = part[: found.start()] if found else ""
    return part[len(before) :] if before.strip() and is_glioblastoma(before.strip()) is not None else part.strip()

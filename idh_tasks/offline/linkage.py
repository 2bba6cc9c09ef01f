"""Linkage on files: the IDH status of reports, without a database."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.vocabulary import read_assay

COLUMNS = {"report_id", "age", "method", "result"}


@dataclass(frozen=True)
class Resolved:
    """The IDH status of one report, with the rule and the evidence that lead to it."""

    report_id: str
    status: str
    rule: str
    evidence: str
    provisional: bool


def resolve_file(path: Path, *, age_rule: bool = False) -> Iterator[Resolved]:
    """Yield the status of each report of a CSV file with one row an assay, in order of first appearance.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with the columns that are missing.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := COLUMNS - set(reader.fieldnames or ()):
            raise RunRefusedError(Code.E_SCHEMA, f"columns are missing: {', '.join(sorted(missing))}")
        rows = list(reader)
    order = {report: number for number, report in reversed(list(enumerate(row["report_id"] for row in rows)))}
    for report_id, found in groupby(
        sorted(rows, key=lambda row: order[row["report_id"]]), lambda row: row["report_id"]
    ):
        yield _resolved(report_id, list(found), age_rule)


def _resolved(report_id: str, rows: list[dict[str, str]], age_rule: bool) -> Resolved:
    assays = [read_assay(row["method"] or "", row["result"] or "") for row in rows]
    found = resolve_idh_status(assays, _age(rows), age_rule)
    return Resolved(report_id, found.status.value, found.rule, found.evidence, found.provisional)


def _age(rows: list[dict[str, str]]) -> float | None:
    """Return the age in years; one that is no number is not used."""
    for row in rows:
        try:
            return float(row["age"])
        except (TypeError, ValueError):
            continue
    return None

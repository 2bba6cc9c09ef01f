"""Linkage on files: the IDH status of reports, without a database."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

COLUMNS = {"report_id", "method", "result"}
AGES = ("age", "age_years")
"""Names of the column of ages: the second is that of the platform's own pathology.csv."""
OLDEST = 130


@dataclass(frozen=True)
class Resolved:
    """The IDH status of one report, with the rule and the evidence that led to it."""

    report_id: str
    status: str
    rule: str
    evidence: str
    provisional: bool


def resolve_file(path: Path, *, age_rule: bool = False) -> Iterator[Resolved]:
    """Yield the status of each report in a CSV file with one row per assay, in order of first appearance.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` naming the columns that are missing, or if the file is not a table in UTF-8.
    """
    reports: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(path):
        reports[row["report_id"]].append(row)
    for report_id, rows in reports.items():
        yield _resolved(report_id, rows, age_rule)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return _read(path)
    except (UnicodeDecodeError, csv.Error):
        raise RunRefusedError(Code.E_SCHEMA, f"{path.name} is not a CSV file in UTF-8") from None


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        present = set(reader.fieldnames or ())
        if missing := COLUMNS - present | (set() if present & set(AGES) else {AGES[0]}):
            raise RunRefusedError(Code.E_SCHEMA, f"columns are missing: {', '.join(sorted(missing))}")
        return list(reader)


def _resolved(report_id: str, rows: list[dict[str, str]], age_rule: bool) -> Resolved:
    assays = [assay for row in rows for assay in read_assays(row["method"] or "", row["result"] or "")]
    decision = resolve_idh_status(assays, _age(rows), age_rule)
    return Resolved(report_id, decision.status.value, decision.rule, decision.evidence, decision.provisional)


def _age(rows: list[dict[str, str]]) -> float | None:
    """Return the age in years on which all rows of a report agree; None, which decides nothing, if there is none."""
    stated = {text for row in rows for name in AGES if (text := (row.get(name) or "").strip())}
    try:
        ages = {float(text) for text in stated}
    except ValueError:
        return None
    [age] = ages if len(ages) == 1 else [None]
    return age if age is not None and 0 <= age <= OLDEST else None

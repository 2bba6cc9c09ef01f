"""The cohort as it stands: its flow, and the IDH status of reports in a file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from idh_tasks.db import cohort
from idh_tasks.domain.cohort import Demographics, Outcome, Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.cohort_flow import cohort_flow
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.vocabulary import read_assay
from idh_tasks.pipelines.platform import Platform, preprocessing_version

COLUMNS = {"report_id", "age", "method", "result"}


@dataclass(frozen=True)
class Flow:
    """The steps of the cohort, patients and mutants of each sequence, age and sex by status."""

    steps: list[Step]
    sequences: dict[MrSequence, tuple[int, int]]
    demographics: list[Demographics]


@dataclass(frozen=True)
class Affected:
    """A member of a dataset that used a report, with the model trained on it; `code` says what has changed since."""

    report_key: str
    report_version: int
    dataset_id: str
    run_id: str | None
    sequence: str
    mutant: bool
    code: str | None
    model_id: str | None
    state: str | None
    predictions: int


@dataclass(frozen=True)
class Resolved:
    """The IDH status of one report, with the rule and the evidence that lead to it."""

    report_id: str
    status: str
    rule: str
    evidence: str
    provisional: bool


def flow(platform: Platform) -> Flow:
    """Count who is in the cohort and who is not, and why."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        outcomes = [Outcome(*row) for row in cohort.outcomes(transaction, version)]
        people = [Demographics(**row) for row in cohort.demographics(transaction, version)]
        return Flow(cohort_flow(outcomes), cohort.by_sequence(transaction, version), people)


def affected(platform: Platform, report: str) -> list[Affected]:
    """Return what used a report, and whether its label has changed since.

    Parameters
    ----------
    report
        The laboratory's id, or our key.

    Raises
    ------
    RunRefusedError
        ``E_NO_REPORT`` if no report has this id.
    """
    with platform.database.begin() as transaction:
        keys = cohort.report_keys(transaction, report)
        if not keys:
            raise RunRefusedError("E_NO_REPORT", "no report has this id")
        return [Affected(**row) for row in cohort.affected(transaction, keys)]


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
            raise RunRefusedError("E_SCHEMA", f"columns are missing: {', '.join(sorted(missing))}")
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

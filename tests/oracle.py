"""The expected result of linking for a set of facts, independent of the code and of the order of facts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class ReportFact:
    """One version of a report: its patient, status and surgery, and the label of its assays (M, W or ?)."""

    report: str
    version: int
    patient: str
    status: str
    surgery: date
    label: str


@dataclass(frozen=True)
class MergeFact:
    """A statement of the registry about a prior patient: merged into another from this moment on, or separate again."""

    prior: str
    surviving: str
    moment: int
    undone: bool


@dataclass(frozen=True)
class StudyFact:
    """One study."""

    study: str
    patient: str
    day: date
    sequences: int


def persons(merges: set[MergeFact], patients: set[str]) -> dict[str, frozenset[str]]:
    """Return for each patient the group of patients who are the same person."""
    latest = {p: max((m for m in merges if m.prior == p), key=lambda m: m.moment) for p in {m.prior for m in merges}}
    groups = {patient: {patient} for patient in patients}
    for merge in latest.values():
        if not merge.undone:
            joined = groups[merge.prior] | groups[merge.surviving]
            for patient in joined:
                groups[patient] = joined
    return {patient: frozenset(group) for patient, group in groups.items()}


def labels(reports: set[ReportFact], merges: set[MergeFact], studies: set[StudyFact]) -> dict[str, str]:
    """Return the chosen studies with their labels: M, W or ?."""
    patients = (
        {r.patient for r in reports}
        | {s.patient for s in studies}
        | {patient for merge in merges for patient in (merge.prior, merge.surviving)}
    )
    current = {
        name: max((r for r in reports if r.report == name), key=lambda r: r.version)
        for name in {r.report for r in reports}
    }
    chosen: dict[str, str] = {}
    for group in set(persons(merges, patients).values()):
        final = [r for r in current.values() if r.patient in group and r.status == "final"]
        if not {"M", "W"} <= {r.label for r in final}:
            chosen.update(_best(final, [s for s in studies if s.patient in group]))
    return chosen


def _best(final: list[ReportFact], studies: list[StudyFact]) -> set[tuple[str, str]]:
    """Return the study that is chosen for one person with its label, or nothing where several are equally good."""
    ranks: dict[tuple[bool, int, date], set[tuple[str, str]]] = defaultdict(set)
    for report in final:
        for study in studies:
            if timedelta(0) <= report.surgery - study.day <= WINDOW:
                ranks[report.label != "?", study.sequences, study.day].add((study.study, report.label))
    best = ranks[max(ranks)] if ranks else set()
    return best if len({study for study, _ in best}) == 1 else set()

"""The expected result of linking for a set of facts, independent of the code and of the order of facts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class ReportFact:
    """One version of a report: its patient, status and surgery, and the label of its assays (M, W or ?).

    M is by immunohistochemistry and W by sequencing, the stronger evidence.
    """

    report: str
    version: int
    patient: str
    status: str
    surgery: date
    label: str
    channel: str

    def agrees(self, other: "ReportFact") -> bool:
        """Return whether another one states the same."""
        return (self.patient, self.status, self.surgery, self.label) == (
            other.patient, other.status, other.surgery, other.label,
        )  # fmt: skip


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


def current(facts: set[ReportFact]) -> list[ReportFact]:
    """Return the version of a report that counts, or those between which a person must choose."""
    newest = [fact for fact in facts if not any(_replaces(other, fact) for other in facts)]
    if not all(fact.agrees(newest[0]) for fact in newest) and any(fact.status == "final" for fact in newest):
        return newest
    for fact in newest:
        before = [f for f in facts if f.channel == fact.channel and f.version < fact.version]
        sequenced = [f for f in before if (f.status, f.label) == ("final", "W")]
        if (fact.status, fact.label) == ("final", "M") and sequenced:
            return [max(sequenced, key=lambda f: f.version), fact]
    return newest[:1]


def _replaces(one: ReportFact, other: ReportFact) -> bool:
    if one.channel != other.channel or one.version < other.version:
        return False
    return one.version > other.version or (one.status, other.status) == ("final", "preliminary")


def labels(reports: set[ReportFact], merges: set[MergeFact], studies: set[StudyFact]) -> dict[str, str]:
    """Return the chosen studies with their labels: M, W or ?."""
    patients = (
        {r.patient for r in reports}
        | {s.patient for s in studies}
        | {patient for merge in merges for patient in (merge.prior, merge.surviving)}
    )
    counting = [current({r for r in reports if r.report == name}) for name in {r.report for r in reports}]
    undecided = {r.patient for versions in counting if len(versions) > 1 for r in versions}
    chosen: dict[str, str] = {}
    for group in set(persons(merges, patients).values()):
        final = [v[0] for v in counting if v[0].patient in group and v[0].status == "final"]
        if not group & undecided and not {"M", "W"} <= {r.label for r in final}:
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

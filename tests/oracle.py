"""What linking must come to, from the set of all that was ever told: written apart from the code, without order."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class Told:
    """One version of a report: whose, how far, when, and what its assays say (M, W or ?)."""

    report: str
    version: int
    patient: str
    status: str
    surgery: date
    verdict: str


@dataclass(frozen=True)
class Heard:
    """One word of the registry on a prior patient: whose she is from this moment, or nobody's."""

    prior: str
    surviving: str
    moment: int
    undone: bool


@dataclass(frozen=True)
class Imaged:
    """One study."""

    study: str
    patient: str
    day: date
    sequences: int


def persons(words: set[Heard], patients: set[str]) -> dict[str, frozenset[str]]:
    """Return with whom each patient is one person."""
    last = {p: max((w for w in words if w.prior == p), key=lambda w: w.moment) for p in {w.prior for w in words}}
    groups = {patient: {patient} for patient in patients}
    for word in last.values():
        if not word.undone:
            joined = groups[word.prior] | groups[word.surviving]
            for patient in joined:
                groups[patient] = joined
    return {patient: frozenset(group) for patient, group in groups.items()}


def labels(told: set[Told], words: set[Heard], imaged: set[Imaged]) -> dict[str, str]:
    """Return the chosen studies with their labels: M, W or ?."""
    patients = (
        {t.patient for t in told} | {i.patient for i in imaged} | {p for w in words for p in (w.prior, w.surviving)}
    )
    groups = set(persons(words, patients).values())
    current = {r: max((t for t in told if t.report == r), key=lambda t: t.version) for r in {t.report for t in told}}
    found = {}
    for group in groups:
        final = [t for t in current.values() if t.patient in group and t.status == "final"]
        if {"M", "W"} <= {t.verdict for t in final}:
            continue
        fitting = [
            (t.verdict != "?", i.sequences, i.day, i.study, t.verdict)
            for t in final
            for i in imaged
            if i.patient in group and timedelta(0) <= t.surgery - i.day <= WINDOW
        ]
        best: dict[tuple[bool, int, date], set[tuple[str, str]]] = defaultdict(set)
        for decided, sequences, day, study, verdict in fitting:
            best[decided, sequences, day].add((study, verdict))
        if best:
            first = best[max(best)]
            if len({study for study, _ in first}) == 1:
                found.update(first)
    return found

"""Resolves merges: finds the patient keys that belong to one person."""

from collections.abc import Iterable

from idh_tasks.domain.pathology import Merge
from idh_tasks.domain.study import PatientKey


def resolve_persons(merges: Iterable[Merge]) -> dict[PatientKey, PatientKey]:
    """Return the surviving key of every merged patient; the order of the merges does not matter.

    Chains are followed to their end. Of patients merged in a ring, the smallest key survives.

    Parameters
    ----------
    merges
        At most one merge per prior key: the latest.
    """
    survivors = {merge.prior_key: merge.surviving_key for merge in merges}
    persons = {patient: _end(patient, survivors) for patient in survivors}
    return {patient: person for patient, person in persons.items() if person != patient}


def _end(patient: PatientKey, survivors: dict[PatientKey, PatientKey]) -> PatientKey:
    path = [patient]
    while path[-1] in survivors:
        survivor = survivors[path[-1]]
        if survivor in path:
            return min(path[path.index(survivor) :])
        path.append(survivor)
    return path[-1]

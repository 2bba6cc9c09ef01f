"""Whose key lives on where patients were merged."""

from collections.abc import Iterable

from idh_tasks.domain.study import PatientKey

Merge = tuple[PatientKey, PatientKey]
"""Prior and surviving key."""


def who_is_who(merges: Iterable[Merge]) -> dict[PatientKey, PatientKey]:
    """Return the person of every patient who was merged, whatever the order in which the merges are given.

    Chains are followed to their end; of patients merged in a ring, the smallest key lives on.

    Parameters
    ----------
    merges
        At most one merge a prior key: the latest.
    """
    onward = dict(merges)
    return {patient: _end(patient, onward) for patient in onward if _end(patient, onward) != patient}


def _end(patient: PatientKey, onward: dict[PatientKey, PatientKey]) -> PatientKey:
    path = [patient]
    while path[-1] in onward:
        following = onward[path[-1]]
        if following in path:
            return min(path[path.index(following) :])
        path.append(following)
    return path[-1]

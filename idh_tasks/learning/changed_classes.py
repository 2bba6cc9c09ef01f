"""For how many patients two networks predict another class."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.metrics import THRESHOLD


@dataclass(frozen=True)
class ChangedClasses:
    """Patients whom both networks have scored, by what differs.

    Parameters
    ----------
    changed
        The networks predict another class.
    relabelled
        The label itself has changed between the trainings.
    """

    compared: int
    changed: int
    relabelled: int


def changed_classes(challenger: Sequence[HeldOutScore], champion: Sequence[HeldOutScore]) -> ChangedClasses:
    """Compare the classes that two networks predict for patients whom both were not trained on.

    The class is the larger output of the network, before calibration (`metrics.THRESHOLD`). A patient whom several
    folds have held out counts with the mean of the outputs.
    """
    mine, theirs = _by_patient(challenger), _by_patient(champion)
    both = [(mine[patient], theirs[patient]) for patient in mine.keys() & theirs.keys()]
    return ChangedClasses(
        compared=len(both),
        changed=sum(_predicted_mutant(new) != _predicted_mutant(old) for new, old in both),
        relabelled=sum(new[0].mutant != old[0].mutant for new, old in both),
    )


def _by_patient(scores: Sequence[HeldOutScore]) -> dict[str, list[HeldOutScore]]:
    by_patient: dict[str, list[HeldOutScore]] = defaultdict(list)
    for score in scores:
        by_patient[score.patient_key].append(score)
    return by_patient


def _predicted_mutant(scores: Sequence[HeldOutScore]) -> bool:
    return fmean(score.probability_mutant for score in scores) >= THRESHOLD

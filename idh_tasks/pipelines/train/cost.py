"""What a training costs in minutes, by the pace of the trainings before it."""

from collections.abc import Mapping
from statistics import median

from idh_tasks.db import results
from idh_tasks.db.engine import Transaction
from idh_tasks.db.results import Pace
from idh_tasks.domain.learning import Scheme
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.folds import TEST_SHARE
from idh_tasks.settings import LearningSettings

UNKNOWN = "how many minutes that takes is unknown before the first training"


def expected_cost(transaction: Transaction, settings: LearningSettings, patients: Mapping[MrSequence, int]) -> str:
    """Return in words how many networks will be trained, and in about how many minutes.

    Parameters
    ----------
    patients
        How many patients have each sequence that will be trained.
    """
    expected = seconds(results.paces(transaction), settings, patients)
    return f"{networks(settings, len(patients))}; {_about(expected)}"


def networks(settings: LearningSettings, sequences: int) -> str:
    """Return in words how many networks will be trained."""
    count = sequences * (settings.repetitions * settings.folds + 1)
    return (
        f"{count} networks of {settings.epochs} epochs (sequences: {sequences}, repetitions: {settings.repetitions}, "
        f"folds: {settings.folds}, and a final network per sequence)"
    )


def seconds(
    paces: list[Pace], settings: LearningSettings, patients: Mapping[MrSequence, int]
) -> tuple[float, str] | None:
    """Return how long a training will take, with the devices on which its pace was measured, or None if it is unknown.

    The time of an epoch is proportional to the patients of whom a network learns; the pace is the median of the
    trainings that are given.
    """
    known = [p for p in paces if p.patients]  # those of a dataset may have withdrawn since
    if not known:
        return None
    pace = median(p.seconds / _patient_epochs(LearningSettings.recorded(p.settings), p.patients) for p in known)
    work = sum(_patient_epochs(settings, count) for count in patients.values())
    return pace * work, " and ".join(sorted({p.device for p in known}))


def _patient_epochs(settings: LearningSettings, patients: int) -> float:
    """Return over how many patients all networks of a sequence learn in all epochs."""
    held_out = 1 / settings.folds if settings.scheme is Scheme.STRATIFIED else TEST_SHARE
    return settings.epochs * patients * (settings.repetitions * settings.folds * (1 - held_out) + 1)


def _about(expected: tuple[float, str] | None) -> str:
    if expected is None:
        return UNKNOWN
    taken, devices = expected
    return f"about {minutes(taken)} at the pace of the last trainings ({devices})"


def minutes(taken: float) -> str:
    """Return seconds as minutes in words."""
    return "less than a minute" if taken < 60 else f"{taken / 60:.0f} minutes" if taken >= 90 else "1 minute"

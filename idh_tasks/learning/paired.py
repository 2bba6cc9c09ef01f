"""Two networks on the same patients, with the same labels: the difference in AUC and in Brier score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit
from scipy.stats import rankdata

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.performance import Interval
from idh_tasks.learning.pairs import by_round, one_row_each

Array = NDArray[np.float64]
Labels = Mapping[str, bool]
Scores = Sequence[HeldOutScore]

CONFIDENCE = 0.95
MIN_SPREAD = 0.01
"""AUC · (1 − AUC) of a network that ranks nearly all pairs correctly; keeps ratios finite."""


@dataclass(frozen=True)
class Difference:
    """A mean difference over patients.

    Parameters
    ----------
    error, freedom
        Its standard error, with Satterthwaite's degrees of freedom; infinite if nothing varies.
    """

    value: float
    error: float
    freedom: float
    patients: int
    mutants: int

    @property
    def interval(self) -> Interval:
        """Return the 95 % interval, within −1 and 1."""
        low, high = self.bound((1 - CONFIDENCE) / 2), self.bound((1 + CONFIDENCE) / 2)
        return Interval(self.value, max(low, -1.0), min(high, 1.0))

    def bound(self, level: float) -> float:
        """Return the value below which the true difference lies with this confidence."""
        return float(self.value + stdtrit(self.freedom, level) * self.error) if self.error else self.value

    def below(self, limit: float, level: float) -> bool:
        """Return whether the true difference is below the limit, with errors of at most this level."""
        return self.bound(1 - level) < limit

    def above(self, limit: float, level: float) -> bool:
        """Return whether the true difference is above the limit, with errors of at most this level."""
        return self.bound(level) > limit


@dataclass(frozen=True)
class Paired:
    """By how much one network places each patient better than another one.

    Parameters
    ----------
    mutant : shape (n,)
    gains : shape (n,)
        Difference of the placements, in shares of the other class; the mean over rounds.
    aucs
        Of both networks on these patients, means over rounds.
    """

    patients: tuple[str, ...]
    mutant: NDArray[np.bool_]
    gains: Array
    aucs: tuple[float, float]

    @property
    def difference(self) -> Difference:
        """Return the difference in AUC (paired DeLong, Biometrics 1988)."""
        return auc_difference(self.gains, self.mutant)

    def power(self, loss: float, level: float, margin: float = 0) -> float | None:
        """Return how often a true loss of this size would be found to exceed the margin, with these patients.

        None if both networks place all patients alike, which says nothing about other networks.

        The standard error is that of the comparison, scaled to networks that differ by the loss: the variance of an AUC
        is nearly proportional to AUC · (1 − AUC) (Hanley and McNeil, Radiology 1982).
        """
        found, (own, reference) = self.difference, self.aucs
        if found.error == 0:
            return None
        spread, wanted = (_spread(reference) + _spread(auc) for auc in (own, reference - loss))
        error = found.error * float(np.sqrt(wanted / spread))
        return float(stdtr(found.freedom, (loss - margin) / error + float(stdtrit(found.freedom, level))))


def _spread(auc: float) -> float:
    return max(auc * (1 - auc), MIN_SPREAD)


def placements(probability: Array, mutant: NDArray[np.bool_]) -> Array:
    """Return for each patient the share of the other class that is ranked on the right side; ties count half.

    The mean over mutants, as well as that over wild types, is the AUC (Sun and Xu, IEEE Sig Proc Lett 2014).
    """
    ranks, (m, n) = rankdata(probability), (int(mutant.sum()), int((~mutant).sum()))
    placed = np.empty(len(probability))
    placed[mutant] = (ranks[mutant] - rankdata(probability[mutant])) / n
    placed[~mutant] = 1 - (ranks[~mutant] - rankdata(probability[~mutant])) / m
    return placed


def auc_difference(gains: Array, mutant: NDArray[np.bool_]) -> Difference:
    """Return the mean gain with its standard error; each class has at least two patients.

    Each class has half the weight. If all patients are ranked among one another, the means of both classes are equal.
    """
    classes = [gains[mutant], gains[~mutant]]
    variances = [float(one.var(ddof=1)) / len(one) for one in classes]
    total = sum(variances)
    parts = sum(v**2 / (len(one) - 1) for v, one in zip(variances, classes, strict=True))
    freedom = total**2 / parts if parts else float("inf")
    value = float(np.mean([one.mean() for one in classes]))
    return Difference(value, float(np.sqrt(total)), freedom, len(gains), int(mutant.sum()))


def pair(mine: Scores, theirs: Scores, labels: Labels) -> Paired | None:
    """Compare two networks on the patients whom both have scored.

    Patients are placed within rounds, so that the difference is that of the AUCs in reports. The mean score of a
    patient over repetitions would have a higher AUC than one network has, the more so the more repetitions.

    Returns None if these patients are fewer than two of a class.
    """
    common = {s.patient_key for s in mine} & {s.patient_key for s in theirs} & labels.keys()
    own, other = (mean_placements([s for s in scores if s.patient_key in common], labels) for scores in (mine, theirs))
    patients = tuple(sorted(own.keys() & other.keys()))
    mutant = np.array([labels[p] for p in patients], dtype=bool)
    if min(mutant.sum(), (~mutant).sum()) < 2:
        return None
    placed, beside = (np.array([of[p] for p in patients]) for of in (own, other))
    return Paired(patients, mutant, placed - beside, (float(placed[mutant].mean()), float(beside[mutant].mean())))


def mean_placements(scores: Scores, labels: Labels) -> dict[str, float]:
    """Return the mean placement of each patient over the rounds that have both classes."""
    by_patient: dict[str, list[float]] = {}
    for rows in by_round(one_row_each(scores)):
        mutant = np.array([labels[s.patient_key] for s in rows], dtype=bool)
        if mutant.any() and not mutant.all():
            placed = placements(np.array([s.probability_mutant for s in rows]), mutant)
            for score, value in zip(rows, placed.tolist(), strict=True):
                by_patient.setdefault(score.patient_key, []).append(value)
    return {patient: fmean(values) for patient, values in by_patient.items()}


def pooled(pairs: Sequence[Paired], most: float) -> Difference | None:
    """Return the mean difference in AUC of several networks from the same one.

    A patient counts with their mean gain over the networks that have scored them, so that what the networks have in
    common is counted once. No network counts for a loss of more than `most` standard errors: a single training that
    went wrong is no trend.
    """
    by_patient: dict[str, list[float]] = {}
    labels: dict[str, bool] = {}
    for one in pairs:
        for patient, mutant, gain in zip(one.patients, one.mutant, _capped(one, most), strict=True):
            by_patient.setdefault(patient, []).append(float(gain))
            labels[patient] = bool(mutant)
    mutants = np.array(list(labels.values()), dtype=bool)
    if min(mutants.sum(), (~mutants).sum()) < 2:
        return None
    return auc_difference(np.array([fmean(gains) for gains in by_patient.values()]), mutants)


def _capped(one: Paired, most: float) -> Array:
    found = one.difference
    limit = most * found.error
    return one.gains * (limit / -found.value) if found.value < -limit else one.gains


def brier_difference(
    challenger: Sequence[HeldOutScore], reference: Sequence[HeldOutScore], labels: Labels
) -> Difference | None:
    """Return by how much the stated probabilities of a network are worse, on the patients whom both have scored."""
    mine, theirs = (_squared_errors(scores, labels) for scores in (challenger, reference))
    patients = sorted(mine.keys() & theirs.keys())
    if len(patients) < 2:
        return None
    losses = np.array([mine[p] - theirs[p] for p in patients])
    return mean_difference(losses, sum(labels[p] for p in patients))


def mean_difference(values: Array, mutants: int) -> Difference:
    """Return the mean of one value per patient with its standard error; there are at least two patients."""
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Difference(float(values.mean()), error, len(values) - 1, len(values), mutants)


def _squared_errors(scores: Iterable[HeldOutScore], labels: Labels) -> dict[str, float]:
    by_patient: dict[str, list[float]] = {}
    for score in scores:
        if score.patient_key in labels:
            error = (score.calibrated - labels[score.patient_key]) ** 2
            by_patient.setdefault(score.patient_key, []).append(error)
    return {patient: fmean(errors) for patient, errors in by_patient.items()}

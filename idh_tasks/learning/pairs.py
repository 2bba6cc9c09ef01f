"""Pairs of a mutant and a wild type whose scores are compared: the AUC, each patient's part in it, and resampled AUCs.

Scores are compared within a round. A round is a repetition of a cross-validation, which holds every patient out once;
if a repetition holds patients out several times, as random splits do, a round is one of its folds. The AUC is the
share of pairs, over all rounds, in which the mutant has the higher score. Patients are what is sampled: rows of one
patient are never taken for independent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError

Array = NDArray[np.float64]
Places = NDArray[np.int64]

MIN_PER_CLASS = 2
"""Patients of a class without whom their spread is unknown."""
ROUNDING = 1e-6
"""By how much a probability may be outside 0 to 1, for a softmax in single precision."""
BATCH = 1_000_000
"""Values held at once while resampling, about 8 MB per array."""


@dataclass(frozen=True)
class Round:
    """Patients whose scores are compared with one another.

    Parameters
    ----------
    mutants, wildtypes
        Their places among all mutants and among all wild types; the latter in the order of their scores.
    below, upto
        For each mutant, how many of the wild types have a lower score, and a lower or an equal one.
    """

    repetition: int
    mutants: Places
    wildtypes: Places
    below: Places
    upto: Places

    @property
    def pairs(self) -> int:
        """Return the number of pairs."""
        return len(self.mutants) * len(self.wildtypes)

    @property
    def won_by_mutants(self) -> Array:
        """Return for each mutant how many wild types score lower; one with the same score counts half."""
        return (self.below + self.upto) / 2

    @property
    def lost_by_wildtypes(self) -> Array:
        """Return for each wild type how many mutants score higher; one with the same score counts half."""
        places = len(self.wildtypes)
        passed = sum(np.bincount(edge, minlength=places + 1).cumsum()[:places] for edge in (self.below, self.upto))
        return np.asarray(len(self.mutants) - passed / 2)


@dataclass(frozen=True)
class Pairs:
    """All rounds of a set of scores, with the number of mutants and of wild types in them."""

    mutants: int
    wildtypes: int
    rounds: tuple[Round, ...]


def one_row_each(scores: Sequence[HeldOutScore]) -> list[HeldOutScore]:
    """Return one score for each patient, fold and repetition: the mean of those that are there.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` for a patient with both labels, ``E_NONFINITE`` for a score that is no probability.
    """
    labels: dict[str, bool] = {}
    rows: dict[tuple[str, int, int], list[HeldOutScore]] = {}
    for score in scores:
        if labels.setdefault(score.patient_key, score.mutant) != score.mutant:
            raise RunRefusedError(Code.E_LEAKAGE, "a patient is among the scores with both labels")
        if not all(-ROUNDING <= p <= 1 + ROUNDING for p in (score.probability_mutant, score.calibrated)):
            raise RunRefusedError(Code.E_NONFINITE, "a score is no probability from 0 to 1")
        rows.setdefault((score.patient_key, score.repetition, score.fold), []).append(score)
    return [own[0] if len(own) == 1 else _mean(own) for own in rows.values()]


def _mean(scores: Sequence[HeldOutScore]) -> HeldOutScore:
    probability, calibrated = np.mean([(s.probability_mutant, s.calibrated) for s in scores], axis=0)
    return replace(scores[0], probability_mutant=float(probability), calibrated=float(calibrated))


def patients_of(scores: Sequence[HeldOutScore]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the mutants and the wild types, each with a place in the order of their first score."""
    mutants, wildtypes = (dict.fromkeys(s.patient_key for s in scores if s.mutant == label) for label in (True, False))
    return {p: place for place, p in enumerate(mutants)}, {p: place for place, p in enumerate(wildtypes)}


def enough(scores: Sequence[HeldOutScore]) -> bool:
    """Return whether there are enough patients of both classes for an interval."""
    return min(map(len, patients_of(scores))) >= MIN_PER_CLASS


def pairs_of(scores: Sequence[HeldOutScore]) -> Pairs:
    """Return the pairs of a set of scores.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if there are fewer than two patients of a class, or if no mutant and wild type were held
        out together; otherwise as `one_row_each`.
    """
    rows = one_row_each(scores)
    mutants, wildtypes = patients_of(rows)
    if min(len(mutants), len(wildtypes)) < MIN_PER_CLASS:
        numbers = f"{len(mutants)} mutants and {len(wildtypes)} wild types"
        raise RunRefusedError(Code.E_FOLD_DEGENERATE, f"{numbers}; {MIN_PER_CLASS} of each are needed for an interval")
    rounds = tuple(one for one in (_round(own, mutants, wildtypes) for own in by_round(rows)) if one.pairs)
    if not rounds:
        reason = "no mutant and wild type have scores of the same repetition, or fold, that could be compared"
        raise RunRefusedError(Code.E_FOLD_DEGENERATE, reason)
    return Pairs(len(mutants), len(wildtypes), rounds)


def by_round(rows: Sequence[HeldOutScore]) -> list[list[HeldOutScore]]:
    """Return the scores that are compared with one another; a patient has one in each round at most."""
    once = len({(s.patient_key, s.repetition) for s in rows}) == len(rows)
    rounds: dict[tuple[int, int | None], list[HeldOutScore]] = {}
    for score in rows:
        rounds.setdefault((score.repetition, None if once else score.fold), []).append(score)
    return list(rounds.values())


def _round(rows: Sequence[HeldOutScore], mutants: dict[str, int], wildtypes: dict[str, int]) -> Round:
    own, values = _places(rows, mutants)
    others, compared = _places(rows, wildtypes)
    order = np.argsort(compared, kind="stable")
    below, upto = (np.searchsorted(compared[order], values, side) for side in ("left", "right"))
    return Round(rows[0].repetition, own, others[order], np.asarray(below), np.asarray(upto))


def _places(rows: Sequence[HeldOutScore], patients: dict[str, int]) -> tuple[Places, Array]:
    own = [(patients[s.patient_key], s.probability_mutant) for s in rows if s.patient_key in patients]
    return np.array([place for place, _ in own], dtype=np.int64), np.array([value for _, value in own])


def auc_of(rounds: Sequence[Round]) -> float:
    """Return the share of pairs in which the mutant has the higher score."""
    return float(sum(one.won_by_mutants.sum() for one in rounds) / sum(one.pairs for one in rounds))


def contributions(pairs: Pairs) -> tuple[Array, Array]:
    """Return what each mutant and each wild type adds to the AUC beyond its mean, zero for those without a pair.

    With one round these are DeLong's structural components less the AUC, divided by the number of patients of the
    class; with several rounds they are Obuchowski's (Biometrics 1997) for clusters, a patient being one.
    """
    auc, total = auc_of(pairs.rounds), sum(one.pairs for one in pairs.rounds)
    of_mutants, of_wildtypes = np.zeros(pairs.mutants), np.zeros(pairs.wildtypes)
    for one in pairs.rounds:
        of_mutants[one.mutants] += one.won_by_mutants - auc * len(one.wildtypes)
        of_wildtypes[one.wildtypes] += one.lost_by_wildtypes - auc * len(one.mutants)
    return of_mutants / total, of_wildtypes / total


def resampled_aucs(pairs: Pairs, resamples: int, seed: int) -> Array:
    """Return the AUCs of samples of patients, drawn with replacement from each class.

    A patient who is drawn brings the scores of all rounds. The cost is proportional to patients, not to pairs.
    """
    rng = np.random.default_rng(seed)
    size = max(1, min(resamples, BATCH // (pairs.mutants + pairs.wildtypes)))
    return np.concatenate(list(_batches(pairs, resamples, size, rng)))


def _batches(pairs: Pairs, resamples: int, size: int, rng: np.random.Generator) -> Iterator[Array]:
    for start in range(0, resamples, size):
        number = min(size, resamples - start)
        yield _aucs(pairs.rounds, _times_drawn(pairs.mutants, number, rng), _times_drawn(pairs.wildtypes, number, rng))


def _times_drawn(patients: int, resamples: int, rng: np.random.Generator) -> Places:
    """Return how often each patient is drawn in each resample, (resamples, patients)."""
    drawn = rng.integers(0, patients, (resamples, patients)) + patients * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * patients).reshape(resamples, patients)


def _aucs(rounds: Sequence[Round], mutants: Places, wildtypes: Places) -> Array:
    """Return the AUC of each resample, (resamples,); a resample without any pair has 0.5."""
    won, total = np.zeros(len(mutants)), np.zeros(len(mutants))
    for one in rounds:
        weights, passed = mutants[:, one.mutants], np.zeros((len(mutants), len(one.wildtypes) + 1), dtype=np.int64)
        np.cumsum(wildtypes[:, one.wildtypes], axis=1, out=passed[:, 1:])
        won += np.einsum("ij,ij->i", weights, passed[:, one.below] + passed[:, one.upto]) / 2
        total += weights.sum(axis=1) * passed[:, -1]
    return np.where(total > 0, won / np.maximum(total, 1), 0.5)

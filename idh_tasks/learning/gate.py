"""Whether a challenger may become champion: not worse, not worse calibrated, not collapsed, and no leak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.intervals import CONFIDENCE
from idh_tasks.learning.metrics import THRESHOLD, arrays, calibrated_brier
from idh_tasks.settings import LearningSettings

RESAMPLES = 1000


@dataclass(frozen=True)
class Verdict:
    """Why a challenger must stay where it is (codes with figures; none if it may go on), and what was compared."""

    refusals: tuple[str, ...]
    gain: Interval | None

    @property
    def passed(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.refusals


def judge(
    challenger: Sequence[HeldOutScore],
    champion: Sequence[HeldOutScore],
    canary: Interval | None,
    settings: LearningSettings,
    locked: tuple[Sequence[HeldOutScore], Sequence[HeldOutScore]] = ((), ()),
) -> Verdict:
    """Compare scores on the locked set or, while it lacks a class, out of fold; each with the labels it was judged by.

    Parameters
    ----------
    champion
        Empty where there is none yet.
    canary
        The AUC on shuffled labels with its null interval.
    locked
        The challenger's and the champion's scores on the locked test set.
    """
    refusals = [*_collapse(challenger), *_leak(canary)]
    if _both_classes(*locked):
        challenger, champion = locked
    gain = _gain(challenger, champion, settings.seed)
    if gain is not None and gain.value < -settings.promotion_margin:
        refusals.append(
            f"W_WORSE: AUC {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] beside the champion's, "
            f"{-settings.promotion_margin:+.3f} is allowed"
        )
    if champion:
        loss = calibrated_brier(challenger) - calibrated_brier(champion)
        if loss > settings.calibration_margin:
            refusals.append(
                f"W_CALIBRATION: Brier score {loss:+.3f} beside the champion's, "
                f"{settings.calibration_margin:+.3f} is allowed"
            )
    return Verdict(tuple(refusals), gain)


def _both_classes(challenger: Sequence[HeldOutScore], champion: Sequence[HeldOutScore]) -> bool:
    """Tell whether the patients that both were tried on are mutants and wild types."""
    both = {s.patient_key for s in challenger} & {s.patient_key for s in champion}
    return {s.mutant for s in challenger if s.patient_key in both} == {True, False}


def _collapse(scores: Sequence[HeldOutScore]) -> list[str]:
    _, probability = arrays(scores)
    called = probability >= THRESHOLD
    if called.all() or not called.any():
        return [
            f"E_COLLAPSE: all {len(scores)} held-out patients are called {'mutant' if called.all() else 'wild type'}"
        ]
    return []


def _leak(canary: Interval | None) -> list[str]:
    if canary is None or canary.value <= canary.high:
        return []
    return [f"E_CANARY: AUC {canary.value:.2f} on shuffled labels, by chance {canary.low:.2f} to {canary.high:.2f}"]


def _gain(challenger: Sequence[HeldOutScore], champion: Sequence[HeldOutScore], seed: int) -> Interval | None:
    """Return the difference of AUCs on the patients that both were tried on, with a paired bootstrap interval."""
    mine, theirs = ({s.patient_key: s for s in scores} for scores in (challenger, champion))
    both = sorted(set(mine) & set(theirs))
    if not both:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(both), (RESAMPLES, len(both)))
    chosen = np.vstack([np.arange(len(both)), drawn])
    ours, champions = (_aucs([own[p] for p in both], chosen) for own in (mine, theirs))
    gains = ours - champions
    low, high = np.nanquantile(gains[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return None if np.isnan(gains[0]) else Interval(float(gains[0]), float(low), float(high))


def _aucs(scores: Sequence[HeldOutScore], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the AUC of each row of chosen patients, by ranks; no number where a class is missing."""
    mutant = np.array([s.mutant for s in scores])[chosen]
    ranks = rankdata(np.array([s.probability_mutant for s in scores])[chosen], axis=1)
    m = mutant.sum(axis=1)
    pairs = m * (mutant.shape[1] - m)
    above = (ranks * mutant).sum(axis=1) - m * (m + 1) / 2
    return np.where(pairs > 0, above / np.maximum(pairs, 1), np.nan)

"""Whether a challenger may become champion: not worse, not worse calibrated, not collapsed, and no leak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.intervals import CONFIDENCE
from idh_tasks.learning.metrics import THRESHOLD, arrays
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
) -> Verdict:
    """Compare out-of-fold scores, each model's with the labels it was judged by.

    Parameters
    ----------
    champion
        Empty where there is none yet.
    canary
        The AUC on shuffled labels with its null interval.
    """
    refusals = [*_collapse(challenger), *_leak(canary)]
    gain = _gain(challenger, champion, settings.seed)
    if gain is not None and gain.value < -settings.promotion_margin:
        refusals.append(
            f"W_WORSE: AUC {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] beside the champion's, "
            f"{-settings.promotion_margin:+.3f} is allowed"
        )
    if champion:
        loss = _brier(challenger) - _brier(champion)
        if loss > settings.calibration_margin:
            refusals.append(
                f"W_CALIBRATION: Brier score {loss:+.3f} beside the champion's, "
                f"{settings.calibration_margin:+.3f} is allowed"
            )
    return Verdict(tuple(refusals), gain)


def _collapse(scores: Sequence[HeldOutScore]) -> list[str]:
    _, probability = arrays(scores)
    called = probability >= THRESHOLD
    if called.all() or not called.any():
        return [
            f"E_COLLAPSE: all {len(scores)} held-out patients are called {'mutant' if called.all() else 'wild type'}"
        ]
    return []


def _leak(canary: Interval | None) -> list[str]:
    if canary is None or canary.low <= canary.value <= canary.high:
        return []
    return [f"E_CANARY: AUC {canary.value:.2f} on shuffled labels, outside [{canary.low:.2f}, {canary.high:.2f}]"]


def _brier(scores: Sequence[HeldOutScore]) -> float:
    return float(brier_score_loss([s.mutant for s in scores], [s.calibrated for s in scores]))


def _gain(challenger: Sequence[HeldOutScore], champion: Sequence[HeldOutScore], seed: int) -> Interval | None:
    """Return the difference of AUCs on the patients that both were tried on, with a paired bootstrap interval."""
    mine, theirs = ({s.patient_key: s for s in scores} for scores in (challenger, champion))
    both = sorted(set(mine) & set(theirs))
    pairs = [
        (np.array([s.mutant for s in own]), np.array([s.probability_mutant for s in own]))
        for own in ([mine[p] for p in both], [theirs[p] for p in both])
    ]
    everyone = np.arange(len(both))
    value = _difference(pairs, everyone)
    if value is None:
        return None
    rng = np.random.default_rng(seed)
    drawn = (_difference(pairs, rng.choice(everyone, len(both))) for _ in range(RESAMPLES))
    low, high = np.quantile([d for d in drawn if d is not None], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value, float(low), float(high))


def _difference(
    pairs: Sequence[tuple[NDArray[np.bool_], NDArray[np.float64]]], chosen: NDArray[np.int64]
) -> float | None:
    """Return the difference of the two AUCs, or nothing where a class is missing."""
    if any(len(np.unique(mutant[chosen])) < 2 for mutant, _ in pairs):
        return None
    ours, champions = (float(roc_auc_score(mutant[chosen], given[chosen])) for mutant, given in pairs)
    return ours - champions

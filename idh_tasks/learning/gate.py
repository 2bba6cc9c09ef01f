"""Decides whether a challenger may become champion: not worse, not worse calibrated, not collapsed, and no leak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore, Interval, Refusal
from idh_tasks.learning.intervals import CONFIDENCE
from idh_tasks.learning.metrics import THRESHOLD, arrays, calibrated_brier
from idh_tasks.settings import LearningSettings

RESAMPLES = 1000

Scores = Sequence[HeldOutScore]


@dataclass(frozen=True)
class GateDecision:
    """The reasons against a promotion, and the difference in AUC from the champion, if both have been compared."""

    refusals: tuple[Refusal, ...]
    gain: Interval | None

    @property
    def passed(self) -> bool:
        """Return whether there is no reason against the promotion."""
        return not self.refusals

    def __str__(self) -> str:
        if not self.passed:
            return "; ".join(map(str, self.refusals))
        return "the first champion" if self.gain is None else f"{_difference(self.gain)} compared with the champion"


def judge(
    challenger: Scores,
    champion: Scores,
    canary: Interval | None,
    settings: LearningSettings,
    locked: tuple[Scores, Scores] = ((), ()),
) -> GateDecision:
    """Compare a challenger with the champion on the locked set, or out of fold while the locked set lacks a class.

    Each network is compared using the labels that were valid when it was scored.

    Parameters
    ----------
    challenger, champion
        Out-of-fold scores; empty for the champion if there is none yet.
    canary
        The AUC on shuffled labels with the interval that chance alone gives.
    locked
        The scores of challenger and champion on the locked test set.
    """
    refusals = [*_collapse(challenger), *_leak(canary)]
    if _both_classes(*locked):
        challenger, champion = locked
    gain = _gain(challenger, champion, settings.seed)
    refusals += [*_worse(gain, settings), *_worse_calibrated(challenger, champion, settings)]
    return GateDecision(tuple(refusals), gain)


def _both_classes(challenger: Scores, champion: Scores) -> bool:
    """Return whether there are mutants and wild types among the patients that both networks have scored."""
    both = {s.patient_key for s in challenger} & {s.patient_key for s in champion}
    return {s.mutant for s in challenger if s.patient_key in both} == {True, False}


def _collapse(scores: Scores) -> list[Refusal]:
    _, probability = arrays(scores)
    predicted = probability >= THRESHOLD
    if predicted.any() and not predicted.all():
        return []
    label = "mutant" if predicted.all() else "wild type"
    return [Refusal(Code.E_COLLAPSE, f"all {len(scores)} held-out patients are predicted to be {label}")]


def _leak(canary: Interval | None) -> list[Refusal]:
    if canary is None or canary.value <= canary.high:
        return []
    chance = f"by chance {canary.low:.2f} to {canary.high:.2f}"
    return [Refusal(Code.E_CANARY, f"AUC {canary.value:.2f} on shuffled labels, {chance}")]


def _worse(gain: Interval | None, settings: LearningSettings) -> list[Refusal]:
    if gain is None or gain.value >= -settings.promotion_margin:
        return []
    allowed = f"{-settings.promotion_margin:+.3f} is allowed"
    return [Refusal(Code.W_WORSE, f"{_difference(gain)} compared with the champion, {allowed}")]


def _worse_calibrated(challenger: Scores, champion: Scores, settings: LearningSettings) -> list[Refusal]:
    if not champion:
        return []
    loss = calibrated_brier(challenger) - calibrated_brier(champion)
    if loss <= settings.calibration_margin:
        return []
    allowed = f"{settings.calibration_margin:+.3f} is allowed"
    return [Refusal(Code.W_CALIBRATION, f"Brier score {loss:+.3f} compared with the champion, {allowed}")]


def _difference(gain: Interval) -> str:
    return f"AUC {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _gain(challenger: Scores, champion: Scores, seed: int) -> Interval | None:
    """Return the difference of AUCs on the patients that both have scored, with a paired bootstrap interval."""
    challenger_by_patient, champion_by_patient = ({s.patient_key: s for s in own} for own in (challenger, champion))
    both = sorted(set(challenger_by_patient) & set(champion_by_patient))
    if not both:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(both), (RESAMPLES, len(both)))
    samples = np.vstack([np.arange(len(both)), drawn])
    challenger_aucs, champion_aucs = (
        _aucs([own[p] for p in both], samples) for own in (challenger_by_patient, champion_by_patient)
    )
    gains = challenger_aucs - champion_aucs
    low, high = np.nanquantile(gains[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return None if np.isnan(gains[0]) else Interval(float(gains[0]), float(low), float(high))


def _aucs(scores: Scores, samples: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the AUC of each sample of patients, computed from ranks; NaN where a class is missing."""
    mutant = np.array([s.mutant for s in scores])[samples]
    ranks = rankdata(np.array([s.probability_mutant for s in scores])[samples], axis=1)
    m = mutant.sum(axis=1)
    pairs = m * (mutant.shape[1] - m)
    above = (ranks * mutant).sum(axis=1) - m * (m + 1) / 2
    return np.where(pairs > 0, above / np.maximum(pairs, 1), np.nan)

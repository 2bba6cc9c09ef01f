"""Decides whether a challenger may become champion: it has signal, and is not worse than the best champion so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Comparison, HeldOutScore, LeakCheck, Refusal
from idh_tasks.domain.performance import Performance
from idh_tasks.learning import floor
from idh_tasks.learning.changed_classes import changed_classes
from idh_tasks.learning.paired import Difference, Paired, brier_difference, pair, pooled
from idh_tasks.settings import LearningSettings

WORSE_LEVEL = 0.035
"""How often at most an equal network is found to be worse."""
DRIFT_LEVEL = 0.005
"""How often at most all networks since the best champion are found to be worse if they are not."""
CALIBRATION_LEVEL = 0.01
"""How often at most a network with equal probabilities is found to be worse calibrated."""
BETTER_LEVEL = 0.001
"""How often at most an equal network is found to be better.

The luckiest of many equal networks must not become the standard, by which the next ones would look worse.
"""
MOST_ERRORS = 2.5
"""Standard errors for which one network counts at most among those since the best champion."""
LOSS = 0.10
"""The loss in AUC for which the power is stated."""
NOT_COMPARED = (
    "not compared with the best champion so far, because both have scored fewer than two patients of a class; "
    "a loss of any size would go unnoticed"
)
"""What is said if there is a champion, but no evidence about the difference from it."""
WITHDRAWN = "not compared, because there is no champion: the last one was withdrawn"

Scores = Sequence[HeldOutScore]


@dataclass(frozen=True)
class Evidence:
    """What a network is judged by: its scores out of fold and on the locked test set, and its performance."""

    scores: Scores = ()
    locked: Scores = ()
    performance: Performance | None = None


@dataclass(frozen=True)
class Rounds:
    """What was judged beside the same best champion before.

    Parameters
    ----------
    challengers
        Their scores out of fold, promoted or not.
    replaced
        Whether one of them is the present champion.
    drifted
        Whether they were found to have drifted from the best champion at any time.
    """

    challengers: Sequence[Scores] = ()
    replaced: bool = False
    drifted: bool = False


@dataclass(frozen=True)
class GateDecision:
    """The reasons against a promotion, and the comparison with the best champion so far, if there was one.

    Parameters
    ----------
    gain
        The difference in AUC.
    on_locked
        Whether the locked test set was looked at.
    drifted
        Whether all networks since the best champion are worse than it, taken together.
    first
        Whether there is no champion with which to compare.
    withdrawn
        Whether that is because the last one was withdrawn.
    """

    refusals: tuple[Refusal, ...]
    gain: Difference | None = None
    power: float | None = None
    on_locked: bool = False
    drifted: bool = False
    first: bool = False
    withdrawn: bool = False

    @property
    def passed(self) -> bool:
        """Return whether there is no reason against the promotion."""
        return not self.refusals

    @property
    def better(self) -> bool:
        """Return whether the network is better than the best champion so far beyond chance."""
        return self.gain is not None and is_better(self.gain)

    @property
    def compared(self) -> str:
        """Return the comparison and its power in words, or why there was none; nothing if the first one is refused."""
        if self.gain is None and self.withdrawn:
            return WITHDRAWN
        if self.gain is None and self.first:
            return "the first champion" if self.passed else ""
        if self.gain is None:
            return NOT_COMPARED
        where = "locked test set" if self.on_locked else "out of fold"
        size = f"{where}, {self.gain.patients} patients, {self.gain.mutants} mutants"
        noticed = "both place all patients alike, so that the power is unknown"
        if self.power is not None:
            noticed = f"a true loss of {LOSS:.2f} would be noticed in {self.power:.0%} of such comparisons"
        return f"{_stated(self.gain)} compared with the best champion so far ({size}); {noticed}"


def is_better(gain: Difference) -> bool:
    """Return whether a network becomes the best champion, by which later ones are measured."""
    return gain.above(0, BETTER_LEVEL)


def is_worse(gain: Difference, margin: float = 0) -> bool:
    """Return whether a network is worse than the best champion by more than a margin, beyond chance."""
    return gain.below(-margin, WORSE_LEVEL)


def has_drifted(pairs: Sequence[Paired], margin: float = 0) -> bool:
    """Return whether the networks since the best champion, two at least, are worse than it on average."""
    together = pooled(pairs, MOST_ERRORS) if len(pairs) > 1 else None
    return together is not None and together.below(-margin, DRIFT_LEVEL)


def judge(
    own: Evidence,
    best: Evidence,
    checks: Sequence[LeakCheck],
    settings: LearningSettings,
    baselines: Sequence[Comparison] = (),
    rounds: Rounds = Rounds(),  # noqa: B008 - it has no state
    *,
    may_look: bool = True,
) -> GateDecision:
    """Judge a challenger by itself, by the baselines, and beside the best champion so far.

    Both networks are compared on the patients whom both have scored, with the labels of the challenger's dataset.

    Parameters
    ----------
    best
        Of the best champion so far; empty if there is no champion.
    checks
        For leaks; a written label refuses, what else predicts is only said.
    baselines
        On the same folds as the challenger.
    may_look
        Whether the locked test set may decide. It is only looked at if nothing else refuses the network.
    """
    refusals = [
        *floor.collapse(own.scores),
        *floor.leak(checks),
        *floor.no_signal(own.performance, settings),
        *floor.behind_baseline(own.performance, baselines, settings),
        *_relabelled(own, best, settings),
    ]
    labels = {score.patient_key: score.mutant for score in [*own.scores, *own.locked]}
    out_of_fold = pair(own.scores, best.scores, labels)
    locked = pair(own.locked, best.locked, labels) if may_look and not refusals else None
    paired = locked or out_of_fold
    gain = paired.difference if paired else None
    compared = (own.locked, best.locked) if locked else (own.scores, best.scores)
    loss = brier_difference(*compared, labels)
    earlier = (pair(challenger, best.scores, labels) for challenger in rounds.challengers)
    since = [one for one in (*earlier, out_of_fold) if one is not None]
    drifted = rounds.drifted or (rounds.replaced and has_drifted(since, settings.promotion_margin))
    refusals += beside_best(gain, loss, drifted, settings)
    power = paired.power(LOSS, WORSE_LEVEL, settings.promotion_margin) if paired else None
    return GateDecision(tuple(refusals), gain, power, locked is not None, drifted, first=best == Evidence())


def beside_best(
    gain: Difference | None, loss: Difference | None, drifted: bool, settings: LearningSettings
) -> list[Refusal]:
    """Refuse a network that is worse than the best champion so far, from the differences in AUC and Brier score."""
    return [*_worse(gain, settings), *_worse_calibrated(loss, settings), *_drift(gain, drifted)]


def _relabelled(own: Evidence, best: Evidence, settings: LearningSettings) -> list[Refusal]:
    changes = changed_classes(own.scores, best.scores)
    if changes.relabelled <= settings.relabelled_share * changes.compared:
        return []
    counted = f"{changes.relabelled} of {changes.compared} patients have another label"
    return [Refusal(Code.W_RELABELLED, f"{counted}; {settings.relabelled_share:.0%} are allowed")]


def _worse(gain: Difference | None, settings: LearningSettings) -> list[Refusal]:
    if gain is None or not is_worse(gain, settings.promotion_margin):
        return []
    beyond = f" by more than {settings.promotion_margin:g}" if settings.promotion_margin else ""
    return [Refusal(Code.W_WORSE, f"{_stated(gain)}, lower{beyond} beyond chance")]


def _worse_calibrated(loss: Difference | None, settings: LearningSettings) -> list[Refusal]:
    if loss is None or loss.value <= settings.calibration_margin or not loss.above(0, CALIBRATION_LEVEL):
        return []
    allowed = f"{settings.calibration_margin:+.3f} is allowed"
    return [Refusal(Code.W_CALIBRATION, f"Brier score {_signed(loss)} on the same {loss.patients} patients, {allowed}")]


def _drift(gain: Difference | None, drifted: bool) -> list[Refusal]:
    if not drifted or (gain is not None and is_better(gain)):
        return []
    found = "not compared" if gain is None else f"{_stated(gain)}, not better beyond chance"
    return [Refusal(Code.W_DRIFT, found)]


def _stated(gain: Difference) -> str:
    return f"AUC {_signed(gain)}"


def _signed(difference: Difference) -> str:
    interval = difference.interval
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"

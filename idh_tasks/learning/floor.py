"""What a network must achieve by itself before it is compared with a champion: signal, no collapse, no leak."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Comparison, HeldOutScore, LeakCheck, Refusal
from idh_tasks.domain.performance import Performance
from idh_tasks.learning.metrics import THRESHOLD, arrays
from idh_tasks.settings import LearningSettings

Scores = Sequence[HeldOutScore]


def collapse(scores: Scores) -> list[Refusal]:
    """Refuse a network that predicts one class for everybody."""
    _, probability = arrays(scores)
    predicted = probability >= THRESHOLD
    if predicted.any() and not predicted.all():
        return []
    label, patients = "mutant" if predicted.all() else "wild type", len({score.patient_key for score in scores})
    return [Refusal(Code.E_COLLAPSE, f"all {patients} held-out patients are predicted to be {label}")]


def leak(checks: Sequence[LeakCheck]) -> list[Refusal]:
    """Refuse a network whose images show the label."""
    return [Refusal(Code.E_LABEL_MARK, str(check)) for check in checks if check.code is Code.E_LABEL_MARK]


def no_signal(performance: Performance | None, settings: LearningSettings) -> list[Refusal]:
    """Refuse a network whose AUC is not above the floor beyond chance; an AUC without an interval is refused too."""
    floor = settings.promotion_floor
    if floor == 0 or (performance is not None and performance.auc.low > floor):
        return []
    if performance is None:
        return [Refusal(Code.E_NO_SIGNAL, "the network has no AUC")]
    bound = f"lower bound {performance.auc.low:.2f}" if performance.auc.bounded else "no interval"
    found = f"AUC {performance.auc.value:.2f}, {bound}"
    return [Refusal(Code.E_NO_SIGNAL, f"{found}; the lower bound must exceed {floor:g}")]


def behind_baseline(
    performance: Performance | None, baselines: Sequence[Comparison], settings: LearningSettings
) -> list[Refusal]:
    """Refuse a network whose AUC is lower than that of the best baseline by more than the margin."""
    if performance is None or not baselines:
        return []
    best = max(baselines, key=lambda baseline: baseline.performance.auc.value)
    lead = performance.auc.value - best.performance.auc.value
    if lead >= -settings.baseline_margin:
        return []
    allowed = f"{-settings.baseline_margin:+.3f} is allowed"
    return [Refusal(Code.W_BASELINE, f"AUC {lead:+.3f} compared with the {best.name}, {allowed}")]

"""Identifies a series by its physics and its name; if the two disagree, a person is asked."""

from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.by_physics import by_physics
from idh_tasks.intake.naming.conclusion import Conclusion, weigh
from idh_tasks.intake.naming.name import read_name
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.t1 import T1_FAMILY, stated_contrast, with_contrast


def identify(physics: Physics) -> Identification:
    """Identify a series from its physics and check the answer against its name.

    Returns
    -------
    Identification
        With ``low`` confidence if name and physics disagree, if neither is known, and for an MPRAGE of which neither
        header nor name says whether it was acquired before or after contrast: `study.decide` may settle that.
    """
    name = read_name(physics.name)
    conclusion = weigh(by_physics(physics), name.indication, physics)
    stated = stated_contrast(physics, name)
    contrast = stated.contrast
    if conclusion.sequence in T1_FAMILY:
        conclusion, contrast = with_contrast(conclusion, stated, physics, name)
    if conclusion.certain and conclusion.sequence is not MrSequence.OTHER and name.elsewhere:
        reason = f"{conclusion.reason}; the name indicates another region than the brain"
        conclusion, contrast = Conclusion(conclusion.sequence, False, reason), _closed(contrast)
    evidence = f"{_numbers(physics)} → {conclusion.sequence}; {conclusion.reason}"
    confidence = Confidence.HIGH if conclusion.certain else Confidence.LOW
    return Identification(conclusion.sequence, confidence, evidence, contrast)


def _closed(contrast: Contrast) -> Contrast:
    return Contrast.UNSTATED if contrast is Contrast.OPEN else contrast


def _numbers(physics: Physics) -> str:
    quantities = (("TI", physics.ti), ("TE", physics.te), ("TR", physics.tr), ("flip", physics.flip))
    parts = [f"{label} {value:g}" for label, value in quantities if value]
    if physics.b_values:
        parts.append(f"b {', '.join(f'{b:g}' for b in physics.b_values[:6])}")
    if physics.time_points > 1:
        parts.append(f"{physics.time_points} volumes")
    return ", ".join(parts) or "no timing"

"""Identifies a series by its physics and its name; if the two disagree, a person is asked."""

from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.by_physics import by_physics
from idh_tasks.intake.naming.conclusion import Conclusion, weigh
from idh_tasks.intake.naming.name import read_name
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.t1 import T1_FAMILY, stated_contrast, with_contrast


def identify(physics: Physics) -> Identification:
    """Identify a series from its physics and check the answer against its name and its place in the body.

    Returns
    -------
    Identification
        OTHER if the series shows another part of the body. With ``low`` confidence if name and physics disagree, if
        only a name is known, if the place is in doubt, and for an MPRAGE of which neither header nor name says whether
        it was acquired before or after contrast: `study.decide` may settle that.
    """
    conclusion, contrast = conclude(physics)
    if by_physics(physics) is None and not physics.derived:
        conclusion, contrast = _doubted(conclusion, contrast, "a name alone does not identify an acquired image")
    return identification(conclusion, contrast, physics)


def conclude(physics: Physics) -> tuple[Conclusion, Contrast]:
    """Return the sequence that a series indicates, and what it says about contrast; its name may stand alone."""
    name = read_name(physics.name)
    conclusion = weigh(by_physics(physics), name.indication, physics)
    if physics.place.elsewhere:
        return Conclusion(MrSequence.OTHER, True, physics.place.elsewhere), Contrast.UNSTATED
    stated = stated_contrast(physics, name)
    contrast = stated.contrast
    if conclusion.sequence in T1_FAMILY:
        conclusion, contrast = with_contrast(conclusion, stated, physics, name)
    return _doubted(conclusion, contrast, physics.place.doubt) if physics.place.doubt else (conclusion, contrast)


def identification(conclusion: Conclusion, contrast: Contrast, physics: Physics) -> Identification:
    """Return a conclusion with its evidence in words and numbers."""
    evidence = f"{_numbers(physics)} → {conclusion.sequence}; {conclusion.reason}"
    confidence = Confidence.HIGH if conclusion.certain else Confidence.LOW
    return Identification(conclusion.sequence, confidence, evidence, contrast)


def _doubted(conclusion: Conclusion, contrast: Contrast, doubt: str) -> tuple[Conclusion, Contrast]:
    """Add a doubt to a sequence that would be used; what is in doubt is not left to the other series of the study."""
    if conclusion.sequence is MrSequence.OTHER:
        return conclusion, contrast
    closed = Contrast.UNSTATED if contrast is Contrast.OPEN else contrast
    return Conclusion(conclusion.sequence, False, f"{conclusion.reason}; {doubt}"), closed


def _numbers(physics: Physics) -> str:
    times = (("TI", physics.ti), ("TE", physics.te), ("TR", physics.tr))
    parts = [f"{label} {value:g} ms" for label, value in times if value]
    if physics.flip:
        parts.append(f"flip angle {physics.flip:g}°")
    if physics.b_values:
        parts.append(f"b {', '.join(f'{b:g}' for b in physics.b_values[:6])} s/mm²")
    if physics.time_points > 1:
        parts.append(f"{physics.time_points} volumes")
    return ", ".join(parts) or "no timing"

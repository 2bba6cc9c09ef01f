"""Distinguishes T1, MPRAGE and T1C: before or after contrast, 3D gradient echo or not."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from idh_tasks.domain.sequence import Contrast, MrSequence
from idh_tasks.intake.naming.conclusion import Conclusion
from idh_tasks.intake.naming.name import NameReading
from idh_tasks.intake.naming.physics import Physics

T1_FAMILY: AbstractSet[MrSequence] = frozenset({MrSequence.T1, MrSequence.MPRAGE})
NOT_STATED = "no contrast agent is stated"


@dataclass(frozen=True)
class Statement:
    """What header and name say about a contrast agent; `doubt` says how they disagree, in words."""

    contrast: Contrast
    doubt: str = ""


def stated_contrast(physics: Physics, name: NameReading) -> Statement:
    """Return whether header and name say that the images were acquired before or after contrast."""
    doubt = _doubt(physics, name)
    if doubt:
        return Statement(Contrast.UNSTATED, doubt)
    if name.after or physics.agent.given:
        return Statement(Contrast.AFTER)
    if name.before or physics.agent.given is False:
        return Statement(Contrast.BEFORE)
    return Statement(Contrast.UNSTATED)


def _doubt(physics: Physics, name: NameReading) -> str:
    """Return how header and name contradict themselves or each other; empty if they do not."""
    if physics.agent.doubt:
        return physics.agent.doubt
    if name.unclear:
        return "the name has a word beside the contrast agent that is not understood"
    if name.before and name.after:
        return "the name says before and after contrast"
    if name.before and physics.agent.given:
        return "the name says before contrast, but an agent is stated"
    if name.after and physics.agent.given is False:
        return "the name says after contrast, but the header denies an agent"
    return ""


def with_contrast(
    conclusion: Conclusion, stated: Statement, physics: Physics, name: NameReading
) -> tuple[Conclusion, Contrast]:
    """Return which T1 a T1 is, and what is known about contrast.

    The MPRAGE of the protocol is a 3D gradient echo after contrast. A 3D T1 without any statement is a T1, unless its
    name says MPRAGE: protocols use that name on both sides of the contrast agent.
    """
    refined = _refined(conclusion.sequence, stated, physics, name)
    certain = conclusion.certain and refined.certain
    merged = Conclusion(refined.sequence, certain, f"{conclusion.reason}; {refined.reason}")
    unstated = stated.contrast is Contrast.UNSTATED and not stated.doubt
    three_d = conclusion.sequence is MrSequence.MPRAGE or physics.three_d
    return merged, Contrast.OPEN if unstated and three_d and conclusion.certain else stated.contrast


def _refined(base: MrSequence, stated: Statement, physics: Physics, name: NameReading) -> Conclusion:
    if stated.doubt:
        return Conclusion(MrSequence.T1, False, stated.doubt)
    if stated.contrast is Contrast.AFTER:
        return _after(base, physics, name)
    if stated.contrast is Contrast.BEFORE:
        return Conclusion(MrSequence.T1, True, "before contrast")
    if name.both:
        return Conclusion(MrSequence.T1, False, "the name says with and without contrast, as the whole protocol is")
    return Conclusion(MrSequence.T1, not name.mprage, NOT_STATED)


def _after(base: MrSequence, physics: Physics, name: NameReading) -> Conclusion:
    if base is MrSequence.MPRAGE and physics.dimension != "2D":
        return Conclusion(MrSequence.MPRAGE, True, "after contrast")
    known = bool(physics.dimension) or name.no_3d_gradient
    words = "after contrast, but no 3D gradient echo" if known else "after contrast; 2D or 3D is not known"
    return Conclusion(MrSequence.T1C, known, words)

"""Identifies a series: its physics first, then its name; if the two disagree, a person is asked."""

import re
from dataclasses import dataclass

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.by_physics import by_physics
from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.sequence_rules import CONTRAST, ELSEWHERE, NAMES, NO_CONTRAST

BETWEEN_WORDS = re.compile(r"[_/.:;,()\[\]<>^\-\s]+")
THREE_D_T1 = {MrSequence.T1, MrSequence.MPRAGE}


@dataclass(frozen=True)
class _Conclusion:
    """A sequence, whether it is certain, and why."""

    sequence: MrSequence
    certain: bool
    reason: str


def identify(physics: Physics) -> Identification:
    """Identify a series from its physics and check the answer against its name.

    Returns
    -------
    Identification
        With ``low`` confidence if name and physics disagree, if neither is known, and for a T1 after contrast that is
        not 3D: it is neither the T1 nor the MPRAGE of the protocol.
    """
    name = BETWEEN_WORDS.sub(" ", physics.name.lower()).strip()
    named = _by_name(name)
    conclusion = _weigh(by_physics(physics, name), named)
    if conclusion.sequence in THREE_D_T1:
        conclusion = _with_contrast(conclusion, physics, name, named)
    if conclusion.certain and conclusion.sequence is not MrSequence.OTHER and ELSEWHERE.search(name):
        reason = f"{conclusion.reason}; the name indicates another region than the brain"
        conclusion = _Conclusion(conclusion.sequence, False, reason)
    evidence = f"{_numbers(physics)} → {conclusion.sequence}; {conclusion.reason}"
    return Identification(conclusion.sequence, Confidence.HIGH if conclusion.certain else Confidence.LOW, evidence)


def _by_name(name: str) -> Indication | None:
    rule = next((rule for rule in NAMES if rule.pattern.search(name)), None)
    if rule is None:
        return None
    return Indication(rule.sequence, rule.meaning, conclusive=rule.sequence is MrSequence.OTHER)


def _weigh(measured: Indication | None, named: Indication | None) -> _Conclusion:
    """Weigh what the physics indicates against what the name indicates."""
    if measured is None:
        if named is None:
            return _Conclusion(MrSequence.OTHER, False, "neither timing nor name is known")
        return _Conclusion(named.sequence, True, f"no timing; the name says {named.words}")
    if measured.conclusive:
        return _Conclusion(measured.sequence, True, measured.words)
    if named is None:
        return _Conclusion(measured.sequence, bool(measured.words), f"{measured.words or 'no rule fits'}; no name")
    return _compare(measured, named)


def _compare(measured: Indication, named: Indication) -> _Conclusion:
    if named.conclusive:
        return _Conclusion(MrSequence.OTHER, True, f"the name says {named.words}")
    if measured.sequence is named.sequence or {measured.sequence, named.sequence} <= THREE_D_T1:
        return _Conclusion(measured.sequence, True, f"{measured.words}; name agrees")
    if not measured.words:
        return _Conclusion(named.sequence, False, f"no timing rule fits; name says {named.words}")
    return _Conclusion(measured.sequence, False, f"{measured.words}; name says {named.words}")


def _with_contrast(conclusion: _Conclusion, physics: Physics, name: str, named: Indication | None) -> _Conclusion:
    """Distinguish T1 from MPRAGE, which is a 3D T1 after contrast."""
    is_mprage = conclusion.sequence is MrSequence.MPRAGE or (named is not None and named.sequence is MrSequence.MPRAGE)
    refined = _by_contrast(physics, name, three_d=physics.three_d or is_mprage)
    reason = f"{conclusion.reason}; {refined.reason}"
    return _Conclusion(refined.sequence, conclusion.certain and refined.certain, reason)


def _by_contrast(physics: Physics, name: str, *, three_d: bool) -> _Conclusion:
    before, after = bool(NO_CONTRAST.search(name)), bool(CONTRAST.search(NO_CONTRAST.sub(" ", name)))
    if before and after:
        return _Conclusion(MrSequence.T1, False, "the name says with and without contrast")
    if before and physics.agent:
        return _Conclusion(MrSequence.T1, False, "before contrast, but an agent is stated")
    if before:
        return _Conclusion(MrSequence.T1, True, "before contrast")
    if not (after or physics.agent):
        return _Conclusion(MrSequence.T1, True, "no contrast agent")
    if three_d:
        return _Conclusion(MrSequence.MPRAGE, True, "3D after contrast")
    return _Conclusion(MrSequence.T1, False, "after contrast, but not 3D")


def _numbers(physics: Physics) -> str:
    times = (("TI", physics.ti), ("TE", physics.te), ("TR", physics.tr))
    parts = [f"{label} {value:g}" for label, value in times if value]
    if physics.b_values:
        parts.append(f"b {', '.join(f'{b:g}' for b in physics.b_values[:6])}")
    if physics.time_points > 1:
        parts.append(f"{physics.time_points} volumes")
    return ", ".join(parts) or "no timing"

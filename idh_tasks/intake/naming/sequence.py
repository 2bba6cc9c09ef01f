"""Names a series: physics first, then the name; when the two disagree, a person is asked."""

import re
from dataclasses import dataclass

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.sequence_rules import CONTRAST, DERIVED, ELSEWHERE, NAMES, NO_CONTRAST, TIMINGS, TimingRule

BETWEEN_WORDS = re.compile(r"[_/.:;,()\[\]<>^\-\s]+")
SHOWN = {"T1": MrSequence.T1, "T2": MrSequence.T2, "FLUID_ATTENUATED": MrSequence.FLAIR, "DIFFUSION": MrSequence.DWI,
         "PERFUSION": MrSequence.DSC, "PROTON_DENSITY": MrSequence.OTHER, "T2_STAR": MrSequence.OTHER,
         "STIR": MrSequence.OTHER, "TOF": MrSequence.OTHER, "FLOW_ENCODED": MrSequence.OTHER}  # fmt: skip
"""Acquisition Contrast of enhanced MR (PS3.3 C.8.13.3.1.2)."""
BOLUS_TIME_POINTS, MANY_FUNCTIONAL = 15, 150
THREE_D_T1 = {MrSequence.T1, MrSequence.MPRAGE}


@dataclass(frozen=True)
class Verdict:
    """What one kind of evidence says, in words; `decided` where nothing can speak against it."""

    sequence: MrSequence
    words: str
    decided: bool = False


def identify(physics: Physics) -> Identification:
    """Name a series from its physics and check the answer against its name.

    Returns
    -------
    Identification
        ``low`` confidence where name and physics disagree, where neither is known, and for a T1 after
        contrast that is not 3D: neither the T1 nor the MPRAGE of the protocol.
    """
    name = BETWEEN_WORDS.sub(" ", physics.name.lower()).strip()
    named, measured = _by_name(name), _by_physics(physics, name)
    found, sure, why = _weighed(measured, named)
    if found in THREE_D_T1:
        found, settled, contrast = _with_contrast(found, physics, name, named)
        sure, why = sure and settled, f"{why}; {contrast}"
    if sure and found is not MrSequence.OTHER and ELSEWHERE.search(name):
        sure, why = False, f"{why}; the name speaks of another region than the brain"
    numbers = _numbers(physics)
    return Identification(found, Confidence.HIGH if sure else Confidence.LOW, f"{numbers} → {found}; {why}")


def _weighed(measured: Verdict | None, named: Verdict | None) -> tuple[MrSequence, bool, str]:
    """Return the sequence, whether it is sure, and why."""
    if measured is None:
        if named is None:
            return MrSequence.OTHER, False, "neither timing nor name is known"
        return named.sequence, True, f"no timing; the name says {named.words}"
    if measured.decided:
        return measured.sequence, True, measured.words
    if named is None:
        return measured.sequence, bool(measured.words), f"{measured.words or 'no rule fits'}; no name"
    return _compared(measured, named)


def _compared(measured: Verdict, named: Verdict) -> tuple[MrSequence, bool, str]:
    if named.decided:
        return MrSequence.OTHER, True, f"the name says {named.words}"
    if measured.sequence is named.sequence or {measured.sequence, named.sequence} <= THREE_D_T1:
        return measured.sequence, True, f"{measured.words}; name agrees"
    if not measured.words:
        return named.sequence, False, f"no timing rule fits; name says {named.words}"
    return measured.sequence, False, f"{measured.words}; name says {named.words}"


def _by_name(name: str) -> Verdict | None:
    rule = next((rule for rule in NAMES if rule.pattern.search(name)), None)
    if rule is None:
        return None
    return Verdict(rule.sequence, rule.meaning, decided=rule.sequence is MrSequence.OTHER)


def _by_physics(physics: Physics, name: str) -> Verdict | None:
    found = _by_map(physics) or _by_echo_planar(physics, name)
    if found is None and physics.contrast_shown in SHOWN:
        found = Verdict(SHOWN[physics.contrast_shown], f"acquisition contrast {physics.contrast_shown}")
    if found is None and physics.known:
        rule = next((rule for rule in TIMINGS if _fits(rule, physics)), None)
        found = Verdict(rule.sequence, rule.meaning) if rule else Verdict(MrSequence.OTHER, "")
    return found


def _by_map(physics: Physics) -> Verdict | None:
    """Recognise what the image type says and what timings cannot tell."""
    derived = physics.image_type & DERIVED
    if derived or physics.angiography:
        return Verdict(MrSequence.OTHER, f"image type {sorted(derived)[0]}" if derived else "angiography", decided=True)
    if physics.image_type & {"ADC", "ADC_UNSPECIFIED"}:
        return Verdict(MrSequence.ADC, "image type ADC", decided=True)
    if physics.image_type & {"RCBV", "CBV", "RELCBV"}:
        return Verdict(MrSequence.RCBV, "image type CBV", decided=True)
    if physics.image_type & {"DIFFUSION", "TRACEW"} or max(physics.b_values, default=0) > 0:
        return Verdict(MrSequence.DWI, "diffusion-weighted")
    return None


def _by_echo_planar(physics: Physics, name: str) -> Verdict | None:
    """Tell perfusion from diffusion and function among echo-planar series."""
    if not physics.echo_planar or not physics.known:
        return None
    gradient = 20 <= physics.te <= 65 and 500 <= physics.tr <= 3500
    series = physics.time_points >= BOLUS_TIME_POINTS
    if gradient and (physics.agent or CONTRAST.search(name) or "perf" in name or "bolus" in name):
        return Verdict(MrSequence.DSC, "echo-planar with a bolus")
    if gradient and series and not name and physics.time_points < MANY_FUNCTIONAL:
        return Verdict(MrSequence.DSC, f"echo-planar, {physics.time_points} time points")
    if gradient:
        return Verdict(MrSequence.OTHER, "")
    if physics.tr >= 2500 and 50 <= physics.te <= 140 and physics.ti <= 80:
        return Verdict(MrSequence.DWI, "spin-echo echo-planar")
    return Verdict(MrSequence.OTHER, "")


def _fits(rule: TimingRule, physics: Physics) -> bool:
    pairs = ((rule.tr, physics.tr or rule.tr.low), (rule.te, physics.te), (rule.ti, physics.ti))
    dimension = "3D" if physics.three_d else "2D"
    return (
        (rule.scanning in physics.scanning or not physics.scanning & {"SE", "GR"})
        and rule.dimension in ("", dimension)
        and all(limits.holds(value) for limits, value in pairs)
    )


def _with_contrast(
    found: MrSequence, physics: Physics, name: str, named: Verdict | None
) -> tuple[MrSequence, bool, str]:
    """Tell T1 from MPRAGE, which is a 3D T1 after contrast; return sequence, whether sure, and why."""
    denied, told = bool(NO_CONTRAST.search(name)), bool(CONTRAST.search(NO_CONTRAST.sub(" ", name)))
    three_d = (
        found is MrSequence.MPRAGE or physics.three_d or (named is not None and named.sequence is MrSequence.MPRAGE)
    )
    if denied and told:
        return MrSequence.T1, False, "the name says with and without contrast"
    if denied:
        return (
            MrSequence.T1,
            not physics.agent,
            "before contrast" + (", but an agent is stated" if physics.agent else ""),
        )
    if not (told or physics.agent):
        return MrSequence.T1, True, "no contrast agent"
    if three_d:
        return MrSequence.MPRAGE, True, "3D after contrast"
    return MrSequence.T1, False, "after contrast, but not 3D"


def _numbers(physics: Physics) -> str:
    parts = [
        f"{label} {value:g}" for label, value in (("TI", physics.ti), ("TE", physics.te), ("TR", physics.tr)) if value
    ]
    if physics.b_values:
        parts.append(f"b {', '.join(f'{b:g}' for b in physics.b_values[:6])}")
    if physics.time_points > 1:
        parts.append(f"{physics.time_points} volumes")
    return ", ".join(parts) or "no timing"

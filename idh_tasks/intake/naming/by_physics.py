"""What image type, acquisition contrast and timing indicate about a series."""

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.sequence_rules import CONTRAST, DERIVED, TIMINGS, TimingRule

CONTRASTS = {"T1": MrSequence.T1, "T2": MrSequence.T2, "FLUID_ATTENUATED": MrSequence.FLAIR,
             "DIFFUSION": MrSequence.DWI, "PERFUSION": MrSequence.DSC, "PROTON_DENSITY": MrSequence.OTHER,
             "T2_STAR": MrSequence.OTHER, "STIR": MrSequence.OTHER, "TOF": MrSequence.OTHER,
             "FLOW_ENCODED": MrSequence.OTHER}  # fmt: skip
"""Acquisition Contrast of enhanced MR (PS3.3 C.8.13.3.1.2)."""
BOLUS_TIME_POINTS, FUNCTIONAL_TIME_POINTS = 15, 150
"""Fewest volumes of a perfusion series, and fewest of a functional one."""


def by_physics(physics: Physics, name: str) -> Indication | None:
    """Return what the physics indicates; None if neither image type, contrast nor timing is known."""
    indication = _by_image_type(physics) or _by_echo_planar(physics, name)
    if indication is None and physics.contrast in CONTRASTS:
        indication = Indication(CONTRASTS[physics.contrast], f"acquisition contrast {physics.contrast}")
    if indication is None and physics.known:
        indication = _by_timing(physics)
    return indication


def _by_image_type(physics: Physics) -> Indication | None:
    """Recognise computed maps and diffusion, which timing alone does not show."""
    derived = physics.image_type & DERIVED
    if derived:
        return Indication(MrSequence.OTHER, f"image type {sorted(derived)[0]}", conclusive=True)
    if physics.angiography:
        return Indication(MrSequence.OTHER, "angiography", conclusive=True)
    if physics.image_type & {"ADC", "ADC_UNSPECIFIED"}:
        return Indication(MrSequence.ADC, "image type ADC", conclusive=True)
    if physics.image_type & {"RCBV", "CBV", "RELCBV"}:
        return Indication(MrSequence.RCBV, "image type CBV", conclusive=True)
    if physics.image_type & {"DIFFUSION", "TRACEW"} or max(physics.b_values, default=0) > 0:
        return Indication(MrSequence.DWI, "diffusion-weighted")
    return None


def _by_echo_planar(physics: Physics, name: str) -> Indication | None:
    """Distinguish perfusion, diffusion and functional imaging among echo-planar series."""
    if not physics.echo_planar or not physics.known:
        return None
    if 20 <= physics.te <= 65 and 500 <= physics.tr <= 3500:
        return _by_gradient_echo_planar(physics, name)
    if physics.tr >= 2500 and 50 <= physics.te <= 140 and physics.ti <= 80:
        return Indication(MrSequence.DWI, "spin-echo echo-planar")
    return Indication(MrSequence.OTHER, "")


def _by_gradient_echo_planar(physics: Physics, name: str) -> Indication:
    if physics.agent or CONTRAST.search(name) or "perf" in name or "bolus" in name:
        return Indication(MrSequence.DSC, "echo-planar with a bolus")
    if not name and BOLUS_TIME_POINTS <= physics.time_points < FUNCTIONAL_TIME_POINTS:
        return Indication(MrSequence.DSC, f"echo-planar, {physics.time_points} time points")
    return Indication(MrSequence.OTHER, "")


def _by_timing(physics: Physics) -> Indication:
    rule = next((rule for rule in TIMINGS if _fits(rule, physics)), None)
    return Indication(rule.sequence, rule.meaning) if rule else Indication(MrSequence.OTHER, "")


def _fits(rule: TimingRule, physics: Physics) -> bool:
    pairs = ((rule.tr, physics.tr or rule.tr.low), (rule.te, physics.te), (rule.ti, physics.ti))
    dimension = "3D" if physics.three_d else "2D"
    return (
        (rule.scanning in physics.scanning or not physics.scanning & {"SE", "GR"})
        and rule.dimension in ("", dimension)
        and all(limits.holds(value) for limits, value in pairs)
    )

"""What image type, acquisition contrast and timing indicate about a series."""

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.sequence_rules import IMAGE_TYPES, TIMINGS, TimingRule

CONTRASTS = {"T1": MrSequence.T1, "T2": MrSequence.T2, "FLUID_ATTENUATED": MrSequence.FLAIR,
             "DIFFUSION": MrSequence.DWI, "PERFUSION": MrSequence.DSC, "PROTON_DENSITY": MrSequence.OTHER,
             "T2_STAR": MrSequence.OTHER, "STIR": MrSequence.OTHER, "TOF": MrSequence.OTHER,
             "FLOW_ENCODED": MrSequence.OTHER}  # fmt: skip
"""Acquisition Contrast of enhanced MR (PS3.3 C.8.13.3.1.2)."""
MAPS = {"ADC": MrSequence.ADC, "CBV": MrSequence.RCBV}
BOLUS_TIME_POINTS, FUNCTIONAL_TIME_POINTS = 15, 150
"""Fewest volumes of a perfusion series, and fewest of a functional one."""
DYNAMIC_TIME_POINTS = 4
"""Fewest volumes of a dynamic T1 series: before and after contrast are two."""
FIELD_MAP_MM = 2.5
"""Pixels of field maps, which have the timing of a 2D T1 gradient echo."""
T1_FAMILY = {MrSequence.T1, MrSequence.MPRAGE}


def by_physics(physics: Physics) -> Indication | None:
    """Return what the physics indicates; None if neither image type, contrast nor timing is known."""
    indication = _by_image_type(physics) or _by_echo_planar(physics) or _by_volumes(physics)
    if indication is not None:
        return indication
    stated, timed = _by_contrast(physics), _by_timing(physics)
    return _agreed(stated, timed, physics) if stated and timed else stated or timed


def _agreed(stated: Indication, timed: Indication, physics: Physics) -> Indication:
    """Combine the stated contrast with the timing, which says more about a T1; without words if they disagree."""
    nulled_without_ti = not physics.ti and physics.contrast in ("FLUID_ATTENUATED", "STIR")
    if not timed.words or (nulled_without_ti and timed.sequence is MrSequence.T2):
        return stated
    if stated.sequence is timed.sequence or {stated.sequence, timed.sequence} <= T1_FAMILY:
        return timed
    return Indication(timed.sequence, "", also=stated.sequence)


def _by_image_type(physics: Physics) -> Indication | None:
    """Recognise computed maps and diffusion, which timing alone does not show."""
    marked = [IMAGE_TYPES[value] for value in sorted(physics.image_type & IMAGE_TYPES.keys())]
    for rule in sorted(marked, key=lambda rule: rule.meaning in MAPS):
        sequence = MAPS.get(rule.meaning, MrSequence.OTHER)
        return Indication(sequence, f"image type {rule.meaning}", rule.kind, declared=True)
    if physics.angiography:
        return Indication(MrSequence.OTHER, "angiography", declared=True)
    if "UNI" in physics.image_type and physics.three_d:
        return Indication(MrSequence.MPRAGE, "image type UNI, the uniform image of MP2RAGE")
    if physics.image_type & {"DIFFUSION", "TRACEW"} or max(physics.b_values, default=0) > 0:
        return Indication(MrSequence.DWI, "diffusion-weighted")
    return None


def _by_echo_planar(physics: Physics) -> Indication | None:
    """Distinguish perfusion, diffusion and functional imaging among echo-planar series."""
    if not physics.echo_planar or not physics.known:
        return None
    if 20 <= physics.te <= 65 and 500 <= physics.tr <= 3500:
        return _by_gradient_echo_planar(physics)
    if physics.tr >= 2500 and 50 <= physics.te <= 140 and physics.ti <= 80:
        return Indication(MrSequence.DWI, "spin-echo echo-planar")
    return Indication(MrSequence.OTHER, "")


def _by_gradient_echo_planar(physics: Physics) -> Indication:
    """Return DSC where a bolus is stated; several volumes without one may as well be functional imaging."""
    if physics.one_volume:
        return Indication(MrSequence.OTHER, "")
    if physics.agent.given:
        return Indication(MrSequence.DSC, "echo-planar with a bolus")
    if BOLUS_TIME_POINTS <= physics.time_points < FUNCTIONAL_TIME_POINTS:
        words = f"gradient-echo echo-planar, {physics.time_points} time points"
        return Indication(MrSequence.DSC, words, also=MrSequence.OTHER)
    also = MrSequence.DSC if physics.time_points < FUNCTIONAL_TIME_POINTS else None
    return Indication(MrSequence.OTHER, "", also=also)


def _by_volumes(physics: Physics) -> Indication | None:
    """Recognise dynamic T1 series by their repeated volumes."""
    if "GR" in physics.scanning and 0 < physics.te < 12 and physics.time_points >= DYNAMIC_TIME_POINTS:
        return Indication(MrSequence.OTHER, f"gradient echo, {physics.time_points} volumes")
    return None


def _by_contrast(physics: Physics) -> Indication | None:
    if physics.contrast not in CONTRASTS:
        return None
    return Indication(CONTRASTS[physics.contrast], f"acquisition contrast {physics.contrast}")


def _by_timing(physics: Physics) -> Indication | None:
    if not physics.known:
        return None
    rule = next((rule for rule in TIMINGS if _fits(rule, physics)), None)
    if rule is None or _may_be_field_map(rule, physics):
        return Indication(MrSequence.OTHER, "")
    if rule.sequence is MrSequence.T2 and "IR" in physics.scanning:
        return Indication(MrSequence.FLAIR, "", also=MrSequence.OTHER)
    return Indication(rule.sequence, rule.meaning)


def _may_be_field_map(rule: TimingRule, physics: Physics) -> bool:
    return (rule.scanning, rule.dimension) == ("GR", "2D") and physics.pixel_mm >= FIELD_MAP_MM


def _fits(rule: TimingRule, physics: Physics) -> bool:
    pairs = (
        (rule.tr, physics.tr or rule.tr.low),
        (rule.te, physics.te),
        (rule.ti, physics.ti),
        (rule.flip, physics.flip or rule.flip.low),
    )
    dimension = "3D" if physics.three_d else "2D"
    return (
        (rule.scanning in physics.scanning or not physics.scanning & {"SE", "GR"})
        and rule.dimension in ("", dimension)
        and all(limits.holds(value) for limits, value in pairs)
    )

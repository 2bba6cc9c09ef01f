"""Weighs what the physics of a series indicates against what its name says; a disagreement is never certain."""

from dataclasses import dataclass

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.sequence_rules import Kind

MAP_SOURCES = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}
"""The images from which a map is computed; its header keeps their timing."""


@dataclass(frozen=True)
class Conclusion:
    """A sequence, whether it is certain, and why."""

    sequence: MrSequence
    certain: bool
    reason: str


def weigh(measured: Indication | None, named: Indication | None, physics: Physics) -> Conclusion:
    """Weigh both indications, either of which may be missing."""
    if measured is None:
        return _by_name_alone(named)
    if named is None:
        certain = bool(measured.words)
        return Conclusion(measured.sequence, certain, f"{measured.words or 'no rule fits'}; no name")
    if measured.declared:
        return _with_declared(measured, named)
    if named.kind is Kind.COMPUTED or (named.kind is Kind.OPEN and named.sequence is MrSequence.OTHER):
        return _with_computed(measured, named, physics)
    return _compare(measured, named, physics)


def _by_name_alone(named: Indication | None) -> Conclusion:
    if named is None:
        return Conclusion(MrSequence.OTHER, False, "neither timing nor name is known")
    return Conclusion(named.sequence, named.kind is not Kind.OPEN, f"no timing; the name says {named.words}")


def _with_declared(declared: Indication, named: Indication) -> Conclusion:
    """Compare with Image Type; the name of a computed image is often that of its source."""
    if declared.kind is Kind.COMPUTED:
        agrees = True
    elif declared.kind is Kind.MAP:
        agrees = _is_map_of(declared, named)
    else:
        agrees = MrSequence.OTHER in named.answers
    reason = declared.words if agrees else f"{declared.words}; name says {named.words}"
    return Conclusion(declared.sequence, agrees, reason)


def _is_map_of(declared: Indication, named: Indication) -> bool:
    if declared.sequence is MrSequence.OTHER:
        return named.sequence not in MAP_SOURCES
    return bool(named.answers & {declared.sequence, MAP_SOURCES[declared.sequence]})


def _with_computed(measured: Indication, named: Indication, physics: Physics) -> Conclusion:
    """Accept a computed image only if Image Type calls it derived: its timing is that of its source."""
    source = MAP_SOURCES.get(named.sequence)
    plausible = source is None or not measured.words or source in measured.answers
    if physics.derived and plausible:
        return Conclusion(named.sequence, True, f"derived; name says {named.words}")
    if named.kind is Kind.OPEN and "ORIGINAL" in physics.image_type and measured.sequence is named.also:
        return Conclusion(measured.sequence, True, f"{measured.words}; name agrees")
    if named.kind is not Kind.OPEN and measured.sequence is named.sequence is MrSequence.OTHER:
        return Conclusion(MrSequence.OTHER, True, f"the name says {named.words}")
    return _disagreement(measured, named)


def _compare(measured: Indication, named: Indication, physics: Physics) -> Conclusion:
    common = measured.answers & named.answers
    three_d_only_by_name = named.sequence is MrSequence.MPRAGE and physics.dimension == "2D"
    if not common or three_d_only_by_name:
        return _disagreement(measured, named)
    if measured.sequence in common:
        return Conclusion(measured.sequence, True, f"{measured.words or 'no timing rule fits'}; name agrees")
    chosen = named.sequence if named.sequence in common else next(iter(common))
    return Conclusion(chosen, True, f"{measured.words or 'echo-planar'}; the name says {named.words}")


def _disagreement(measured: Indication, named: Indication) -> Conclusion:
    if measured.words:
        return Conclusion(measured.sequence, False, f"{measured.words}; name says {named.words}")
    return Conclusion(named.sequence, False, f"no timing rule fits; name says {named.words}")

"""Which sequences a series may be: what its physics does not exclude, and what physics and name indicate."""

from idh_tasks.domain.sequence import MODEL_SEQUENCES, Contrast, MrSequence
from idh_tasks.domain.study import SeriesPhysics
from idh_tasks.intake.naming.by_physics import by_physics
from idh_tasks.intake.naming.conclusion import MAP_SOURCES
from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.name import NameReading, read_name
from idh_tasks.intake.naming.physics import Physics
from idh_tasks.intake.naming.t1 import T1_FAMILY, stated_contrast

EVERY = frozenset(MrSequence)
UNUSED = frozenset({MrSequence.OTHER})
AFTER_CONTRAST = frozenset({MrSequence.MPRAGE, MrSequence.T1C})


def series_physics(physics: Physics) -> SeriesPhysics:
    """Return what is kept of the physics of a series, which states no free text."""
    permitted, may_be = _permitted(by_physics(physics), physics), _may_be(physics, read_name(physics.name))
    return SeriesPhysics(physics.tr, physics.te, physics.ti, permitted, may_be)


def _permitted(measured: Indication | None, physics: Physics) -> frozenset[MrSequence]:
    """Return what the physics does not exclude; that a series is not used never contradicts it."""
    if measured is None or not (measured.words or measured.answers - UNUSED):
        return EVERY
    return _with_t1(measured.answers, physics) | _maps(measured.answers, physics) | UNUSED


def _may_be(physics: Physics, name: NameReading) -> frozenset[MrSequence]:
    """Return what physics or name indicate: any sequence of a network if neither says anything."""
    measured, named = by_physics(physics), name.indication
    if named is None and (measured is None or not measured.words):
        return (measured.answers if measured else frozenset()) - UNUSED or frozenset(MODEL_SEQUENCES)
    indicated = frozenset[MrSequence]().union(*(one.answers for one in (measured, named) if one)) - UNUSED
    contrast = stated_contrast(physics, name).contrast
    excluded = {Contrast.AFTER: frozenset({MrSequence.T1}), Contrast.BEFORE: AFTER_CONTRAST}
    return _with_t1(indicated, physics) - excluded.get(contrast, frozenset())


def _with_t1(answers: frozenset[MrSequence], physics: Physics) -> frozenset[MrSequence]:
    """Add the other T1: which one a series is depends on the contrast agent."""
    if not answers & T1_FAMILY:
        return answers
    three_d = frozenset() if physics.dimension == "2D" else frozenset({MrSequence.MPRAGE})
    return answers - {MrSequence.MPRAGE} | {MrSequence.T1, MrSequence.T1C} | three_d


def _maps(answers: frozenset[MrSequence], physics: Physics) -> frozenset[MrSequence]:
    """Return the maps that keep the timing of the images from which they were computed."""
    return frozenset(kind for kind, source in MAP_SOURCES.items() if physics.derived and source in answers)

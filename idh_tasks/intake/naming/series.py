"""Makes named, checked series of the instances of a study."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET, Fault, Fineness, Identification
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.stacks import Stack, check_geometry, fineness, is_empty, split

OUTLINES = {SegmentationStorage: SEGMENTATION, RTStructureSetStorage: STRUCTURE_SET}
"""Classes of objects that hold no image but what was drawn on one."""
SEVERAL_VOLUMES = (MrSequence.DWI, MrSequence.DSC)
"""Sequences that hold several volumes by nature: over b-values or over time."""


@dataclass(frozen=True)
class NamedSeries:
    """The instances of one stack with what it is, what is wrong with it, and how fine it is."""

    label: str
    instances: tuple[Dataset, ...]
    identification: Identification
    fault: Fault | None
    fineness: Fineness


def name_series(instances: Sequence[Dataset]) -> Iterator[NamedSeries]:
    """Yield the stacks of one series, each named and checked; a fault is told, never raised."""
    if instances[0].SOPClassUID in OUTLINES:
        yield NamedSeries("", tuple(instances), OUTLINES[instances[0].SOPClassUID], None, Fineness())
        return
    whole = Stack("", tuple(instances))
    sequence = identify(read_physics(instances)).sequence
    try:
        stacks = [whole] if sequence in (*SEVERAL_VOLUMES, MrSequence.OTHER) else split(instances)
    except SeriesRejectedError as error:
        yield _named(whole, Fault(error.code, error.reason))
        return
    for stack in stacks:
        yield _named(stack, None if sequence is MrSequence.OTHER else fault_of(stack.instances))


def _named(stack: Stack, fault: Fault | None) -> NamedSeries:
    found = identify(read_physics(stack.instances))
    return NamedSeries(stack.label, stack.instances, found, fault, fineness(stack.instances))


def fault_of(instances: Sequence[Dataset]) -> Fault | None:
    """Return why a stack of slices must not be used, if anything is wrong with it."""
    try:
        check_geometry(instances)
    except SeriesRejectedError as error:
        return Fault(error.code, error.reason)
    if is_empty(instances):
        return Fault(Code.E_EMPTY_IMAGE, "every image of the series is constant")
    return None

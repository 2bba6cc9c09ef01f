"""Names the series of a study, splits them where necessary, and checks their geometry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.outlines import SEGMENTATIONS
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET, Fault, Identification, SliceGeometry
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.slice_groups import SliceGroup, check_geometry, is_empty, slice_geometry, split_series

OUTLINES = dict.fromkeys(SEGMENTATIONS, SEGMENTATION) | {RTStructureSetStorage: STRUCTURE_SET}
"""SOP classes that hold a tumour outline instead of an image."""
SEVERAL_VOLUMES = (MrSequence.DWI, MrSequence.DSC)
"""Sequences that consist of several volumes: one per b-value or time point."""


@dataclass(frozen=True)
class NamedSeries:
    """The instances of one group of slices with identification, fault and geometry."""

    label: str
    instances: tuple[Dataset, ...]
    identification: Identification
    fault: Fault | None
    slice_geometry: SliceGeometry


def name_series(instances: Sequence[Dataset]) -> Iterator[NamedSeries]:
    """Yield the groups of slices of one series, each identified and checked; a fault is returned, never raised."""
    if instances[0].SOPClassUID in OUTLINES:
        yield NamedSeries("", tuple(instances), OUTLINES[instances[0].SOPClassUID], None, SliceGeometry())
        return
    whole = SliceGroup("", tuple(instances))
    sequence = identify(read_physics(instances)).sequence
    try:
        groups = [whole] if sequence in (*SEVERAL_VOLUMES, MrSequence.OTHER) else split_series(instances)
    except SeriesRejectedError as error:
        yield _named(whole, Fault(error.code, error.reason))
        return
    for group in groups:
        yield _named(group, None if sequence is MrSequence.OTHER else fault_of(group.instances))


def _named(group: SliceGroup, fault: Fault | None) -> NamedSeries:
    identification = identify(read_physics(group.instances))
    return NamedSeries(group.label, group.instances, identification, fault, slice_geometry(group.instances))


def fault_of(instances: Sequence[Dataset]) -> Fault | None:
    """Return why a group of slices must not be used, if it has a fault."""
    try:
        check_geometry(instances)
    except SeriesRejectedError as error:
        return Fault(error.code, error.reason)
    if is_empty(instances):
        return Fault(Code.E_EMPTY_IMAGE, "every image of the series is constant")
    return None

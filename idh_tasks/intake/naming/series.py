"""Names the series of a study, splits them where necessary, and checks their geometry."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.outlines import SEGMENTATIONS
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import (
    SEGMENTATION,
    STRUCTURE_SET,
    UNKNOWN_PHYSICS,
    Fault,
    Identification,
    SeriesPhysics,
    SliceGeometry,
)
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.intake.naming.candidates import series_physics
from idh_tasks.intake.naming.contrasts import localizer_planes, separate
from idh_tasks.intake.naming.physics import Physics, read_physics
from idh_tasks.intake.naming.region import Place
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.slice_geometry import is_as_large_as_a_head, slice_geometry
from idh_tasks.intake.naming.slice_groups import (
    SliceGroup,
    check_geometry,
    is_empty,
    photometric_reason,
    split_series,
)

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
    physics: SeriesPhysics = UNKNOWN_PHYSICS


def name_series(instances: Sequence[Dataset]) -> Iterator[NamedSeries]:
    """Yield the groups of slices of one series, each identified and checked; a fault is returned, never raised.

    The images are separated by contrast first, so that groups and their names do not depend on which image comes
    first.
    """
    ordered = sorted(instances, key=_rank)
    outlines, images = _apart(ordered)
    for kind, drawn in outlines.items():
        alone = len(drawn) == len(ordered)
        yield NamedSeries("" if alone else kind.evidence, tuple(drawn), kind, None, SliceGeometry())
    if images:
        yield from _name_images(images)


def _apart(instances: Sequence[Dataset]) -> tuple[dict[Identification, list[Dataset]], list[Dataset]]:
    """Return the outlines of a series by kind, and its images; programs add outlines to the series that they show."""
    outlines: dict[Identification, list[Dataset]] = defaultdict(list)
    images: list[Dataset] = []
    for ds in instances:
        kind = OUTLINES.get(ds.SOPClassUID)
        (images if kind is None else outlines[kind]).append(ds)
    return dict(sorted(outlines.items(), key=lambda one: one[0].evidence)), images


def _name_images(ordered: Sequence[Dataset]) -> Iterator[NamedSeries]:
    if planes := localizer_planes(ordered):
        yield _localizer(ordered, planes)
        return
    groups = [group for label, images in separate(ordered) for group in _named_groups(label, images)]
    yield from [_whole(ordered, groups)] if _is_of_no_use(groups) else groups


def _localizer(instances: Sequence[Dataset], planes: Mapping[str, int]) -> NamedSeries:
    most = max(planes.values())
    reason = f"the geometry of a localizer: {len(planes)} planes of at most {most} slices"
    identified = Identification(MrSequence.OTHER, Confidence.HIGH, reason)
    return NamedSeries("", tuple(instances), identified, None, slice_geometry(instances))


def _is_of_no_use(groups: Sequence[NamedSeries]) -> bool:
    return all(group.identification.sequence is MrSequence.OTHER for group in groups)


def _whole(instances: Sequence[Dataset], groups: Sequence[NamedSeries]) -> NamedSeries:
    """Return a series of which no group is used as one; the least certain identification is kept."""
    named = min(groups, key=lambda group: (group.identification.confidence is Confidence.HIGH, -len(group.instances)))
    fault = next((group.fault for group in groups if group.fault), None)
    return replace(named, label="", instances=tuple(instances), fault=fault)


def _rank(ds: Dataset) -> tuple[bool, float, float, str]:
    """Return the key that puts headers with a name first, as stored ones have none, and of two echoes the longer one.

    The longer echo of a perfusion series shows its contrast.
    """
    echo_ms, number = (_number(ds, keyword) for keyword in ("EchoTime", "InstanceNumber"))
    return not ds.get("SeriesDescription"), -echo_ms, number, str(ds.get("SOPInstanceUID"))


def _number(ds: Dataset, keyword: str) -> float:
    try:
        return float(ds.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0.0


def _named_groups(label: str, images: tuple[Dataset, ...]) -> Iterator[NamedSeries]:
    """Yield the groups of the images of one contrast, which may still lie at the same positions."""
    colour = photometric_reason(images)
    if colour:
        identification = Identification(MrSequence.OTHER, Confidence.HIGH, colour)
        yield NamedSeries(label, images, identification, Fault(Code.E_PHOTOMETRIC, colour), slice_geometry(images))
        return
    sequence = identify(_physics(images)).sequence
    if sequence is MrSequence.OTHER or sequence in SEVERAL_VOLUMES:
        yield _named(SliceGroup(label, images), None if sequence is MrSequence.OTHER else fault_of(images))
        return
    try:
        groups = split_series(images)
    except SeriesRejectedError as error:
        yield _named(SliceGroup(label, images), Fault(error.code, error.reason))
        return
    for group in groups:
        yield _named(SliceGroup(f"{label} {group.label}".strip(), group.instances), fault_of(group.instances))


def _named(group: SliceGroup, fault: Fault | None) -> NamedSeries:
    physics = _physics(group.instances)
    geometry = slice_geometry(group.instances)
    return NamedSeries(group.label, group.instances, identify(physics), fault, geometry, series_physics(physics))


def _physics(images: Sequence[Dataset]) -> Physics:
    """Return the physics of a group; a body part that its extent contradicts is doubted, as scanners keep old ones."""
    physics = read_physics(images)
    if physics.place.elsewhere and is_as_large_as_a_head(images):
        return replace(physics, place=Place(doubt=f"{physics.place.elsewhere}, but the extent is that of a head"))
    return physics


def fault_of(instances: Sequence[Dataset]) -> Fault | None:
    """Return why a group of slices must not be used, if it has a fault."""
    try:
        check_geometry(instances)
    except SeriesRejectedError as error:
        return Fault(error.code, error.reason)
    if is_empty(instances):
        return Fault(Code.E_EMPTY_IMAGE, "every image of the series is constant")
    return None

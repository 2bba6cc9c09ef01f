"""Replaces the free names of segments and structures by roles, from which the tumour can still be chosen."""

from collections.abc import Mapping

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from idh_tasks.dicom.outlines import SEGMENTATIONS, items, number_of, segment_roles, structure_roles
from idh_tasks.dicom.structure_role import StructureRole

SEGMENT_TEXTS = ("SegmentDescription", "TrackingID")
STRUCTURE_TEXTS = ("ROIDescription", "ROIGenerationDescription")
OBSERVATION_TEXTS = ("ROIObservationLabel", "ROIObservationDescription")


def write_roles(ds: Dataset, out: Dataset) -> None:
    """Write the role of each segment or structure of `ds` into `out` in the place of its name; other texts go."""
    if ds.SOPClassUID in SEGMENTATIONS:
        _replace(out, "SegmentSequence", "SegmentNumber", "SegmentLabel", segment_roles(ds), SEGMENT_TEXTS)
    elif ds.SOPClassUID == RTStructureSetStorage:
        _replace(out, "StructureSetROISequence", "ROINumber", "ROIName", structure_roles(ds), STRUCTURE_TEXTS)
        for observation in items(out, "RTROIObservationsSequence"):
            _drop(observation, OBSERVATION_TEXTS)


def _replace(
    out: Dataset,
    sequence: str,
    number: str,
    name: str,
    roles: Mapping[int, StructureRole],
    texts: tuple[str, ...],
) -> None:
    for item in items(out, sequence):
        setattr(item, name, roles.get(number_of(item, number), StructureRole.UNNAMED).value)
        _drop(item, texts)


def _drop(item: Dataset, keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if keyword in item:
            delattr(item, keyword)

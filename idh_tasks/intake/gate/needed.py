"""The elements in DS, IS and UI that imaging, naming or identity read: without them an image is not what it seems.

Any other element whose value is no number or UID is dropped. One of these holds the instance, since an image would be
read differently without it, and nobody would notice. Elements in other VRs are read by code that refuses what it does
not understand; the UIDs of the instance itself are checked in `uids`. A test compares this table with the sources.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag, Tag

from idh_tasks.dicom.outlines import OUTLINE_CLASSES
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.gate.uids import undecoded_text

IMAGE = (
    # Where the image lies, and of what size it is.
    "FrameOfReferenceUID", "ImageOrientationPatient", "ImagePositionPatient", "NumberOfFrames", "PixelSpacing",
    "SliceThickness",
    # What its pixels mean.
    "RescaleIntercept", "RescaleSlope",
    # Which sequence it is, and whether a contrast agent was given.
    "ContrastBolusTotalDose", "ContrastBolusVolume", "EchoTime", "FlipAngle", "InversionTime", "RepetitionTime",
    # Which volume of its series it belongs to.
    "AcquisitionNumber", "EchoNumbers", "InstanceNumber", "NumberOfTemporalPositions", "TemporalPositionIdentifier",
    "TemporalResolution", "TriggerTime",
)  # fmt: skip
MOSAIC = ("SpacingBetweenSlices",)
"""What is read of mosaics only: of single slices, many scanners write none that is a number."""
OUTLINE = (
    "ContourData", "ContourOffsetVector", "FrameOfReferenceUID", "ImageOrientationPatient", "ImagePositionPatient",
    "NumberOfFrames", "PixelSpacing", "ROINumber", "ReferencedFrameOfReferenceUID", "ReferencedROINumber",
    "ReferencedSOPInstanceUID", "SliceThickness", "SpacingBetweenSlices",
)  # fmt: skip
WITHOUT_WHICH_IS_ASKED = (
    "ContrastBolusTotalDose",
    "ContrastBolusVolume",
    "EchoTime",
    "FlipAngle",
    "InversionTime",
    "RepetitionTime",
)
"""What only tells which sequence an image is: of several numbers, as those of two echoes, none is used.

A series without them is asked about. Of where an image lies and what its pixels mean, nobody would be asked.
"""
B_VALUE = Tag("DiffusionBValue")
"""Not dropped in any VR: in a series with b-values, an image without one counts as one at b = 0."""
IMAGE_SEQUENCES = (
    "ContrastBolusAgentSequence",
    "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence",
)
"""The sequences of an image that are read; the others tell of other images, or of what this one was before."""


@dataclass(frozen=True, eq=False)
class Need:
    """The elements of a data set that must be valid, at its top level and in some of its sequences, or in all.

    There are few, and each is only equal to itself: what is valid is remembered by them.
    """

    elements: frozenset[BaseTag] = frozenset()
    sequences: frozenset[BaseTag] | None = frozenset()

    def inside(self, sequence: BaseTag) -> "Need":
        """Return what must be valid in the items of a sequence; nothing in a private one, which is not read."""
        if sequence.is_private or (self.sequences is not None and sequence not in self.sequences):
            return NOTHING
        return self._everywhere

    @cached_property
    def _everywhere(self) -> "Need":
        return replace(self, sequences=None)


def _tags(keywords: Iterable[str]) -> frozenset[BaseTag]:
    return frozenset(Tag(tag_for_keyword(keyword) or 0) for keyword in keywords)


NOTHING = Need()
OF_IMAGES = Need(_tags(IMAGE), _tags(IMAGE_SEQUENCES))
OF_MOSAICS = Need(_tags(IMAGE + MOSAIC), _tags(IMAGE_SEQUENCES))
OF_OUTLINES = Need(_tags(OUTLINE), None)
MAY_BE_SEVERAL = _tags(WITHOUT_WHICH_IS_ASKED)


def needed_of(ds: Dataset) -> Need:
    """Return what must be valid in an instance, by its class; nothing where it will be skipped."""
    sop_class = undecoded_text(ds, "SOPClassUID")
    if sop_class in OUTLINE_CLASSES:
        return OF_OUTLINES
    if sop_class not in SOP_CLASSES:
        return NOTHING
    return OF_MOSAICS if "MOSAIC" in undecoded_text(ds, "ImageType") else OF_IMAGES

"""Writes the tumour outline as a hospital would deliver it: a DICOM SEG or a NIfTI mask on T2."""

from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
import numpy as np
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes

from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.phantom.tissue import Labels


def write_nifti(path: Path, mask: Mask | Labels, geometry: Geometry) -> None:
    """Write a mask or labels of shape (z, y, x) as NIfTI."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection(geometry.direction)
    sitk.WriteImage(image, str(path), useCompression=True)


@dataclass(frozen=True)
class SegmentationUids:
    """The UIDs of a segmentation: its series, the instance, and the organization of its dimensions."""

    series: str
    instance: str
    dimensions: str


def write_segmentation(path: Path, mask: Mask, t2_files: list[Path], uids: SegmentationUids) -> None:
    """Write a mask of shape (z, y, x) as DICOM SEG on the T2 series (PS3.3 A.51), made at the time of the study."""
    sources = [dcmread(file) for file in t2_files]
    tumour = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="whole tumour with oedema",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    segmentation = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=mask.astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[tumour],
        series_instance_uid=uids.series,
        series_number=90,
        sop_instance_uid=uids.instance,
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="idh phantom",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
    )
    _make_reproducible(segmentation, uids.dimensions)
    segmentation.save_as(path)


def _make_reproducible(segmentation: Dataset, dimensions: str) -> None:
    """Replace the time of writing and the random UID that highdicom takes, for the same seed to give the same bytes."""
    date, time = segmentation.StudyDate, segmentation.StudyTime
    segmentation.InstanceCreationDate = segmentation.ContentDate = date
    segmentation.InstanceCreationTime = segmentation.ContentTime = time
    for item in segmentation.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = f"{date}{time}"
    for item in (*segmentation.DimensionOrganizationSequence, *segmentation.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimensions

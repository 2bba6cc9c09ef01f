"""Writes the tumour outline as a hospital would deliver it: a DICOM SEG or a NIfTI mask on T2."""

from pathlib import Path

import highdicom as hd
import numpy as np
import SimpleITK as sitk
from pydicom import dcmread
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


def write_segmentation(path: Path, mask: Mask, t2_files: list[Path], uids: tuple[str, str]) -> None:
    """Write a mask of shape (z, y, x) as DICOM SEG on the T2 series (PS3.3 A.51).

    Parameters
    ----------
    uids
        Series and SOP instance UID of the segmentation.
    """
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
        series_instance_uid=uids[0],
        series_number=90,
        sop_instance_uid=uids[1],
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="idh phantom",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
    )
    segmentation.save_as(path)

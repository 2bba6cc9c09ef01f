"""Frames of an enhanced image stand like classic instances; real series equal their ground truth voxel by voxel."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.dicom.frames import frames
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_volume
from idh_tasks.imaging.itk import axial, from_image
from tests.factories import instance, stack


def enhanced(positions: list[float]) -> Dataset:
    ds = instance(SOPClassUID=EnhancedMRImageStorage, NumberOfFrames=len(positions))
    voxels = np.arange(len(positions) * ds.Rows * ds.Columns, dtype=np.uint16)
    ds.PixelData = voxels.tobytes()
    orientation, spacing = Dataset(), Dataset()
    orientation.ImageOrientationPatient, spacing.PixelSpacing = ds.ImageOrientationPatient, ds.PixelSpacing
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([spacing])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for z in positions:
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, z]
        group.PlanePositionSequence = Sequence([place])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(ds, keyword)
    return ds


def test_a_classic_instance_stays_what_it_is() -> None:
    instances = stack([0.0, 1.0])
    assert frames(instances) == list(instances)


def test_d18_each_frame_has_its_place_and_its_pixels() -> None:
    ds = enhanced([0.0, 3.0, 6.0])
    found = frames([ds])
    assert [float(frame.ImagePositionPatient[2]) for frame in found] == [0.0, 3.0, 6.0]
    assert np.array_equal(np.stack([frame.pixel_array for frame in found]), ds.pixel_array)
    volume = assemble_volume(found)
    assert volume.geometry.spacing_mm[2] == 3.0
    assert "ImagePositionPatient" not in ds


def test_d18_without_functional_groups_no_frame_is_taken_for_an_image() -> None:
    ds = enhanced([0.0, 3.0])
    del ds.PerFrameFunctionalGroupsSequence
    with pytest.raises(SeriesRejectedError, match="E_UNSUPPORTED_SOP"):
        frames([ds])


SERIES = (
    "philips_enhanced/anatomical/001",
    "philips_enhanced/anatomical/001_implicit",
    "siemens_multiframe/anatomical/001",
    "hyperfine/anatomical/001",
    "ge/anatomical/001",
    "ge/anatomical/001_implicit",
    "generic/anatomical/001",
    "generic/anatomical/001_implicit",
    "generic/anatomical/002_non_isotropic",
    "generic/compressed_rle/001",
    "siemens/anatomical/001",
    "siemens/anatomical/001_implicit",
    "hitachi/anatomical/001",
    "hitachi/anatomical/001_implicit",
)


@pytest.mark.parametrize("name", SERIES)
def test_a_real_series_equals_its_ground_truth_or_is_refused_with_a_reason(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = axial(from_image(sitk.ReadImage(str(folder) + "_ground_truth.nii.gz", sitk.sitkFloat32)))
    found = axial(assemble_volume(frames(dcmread(path) for path in sorted(folder.iterdir()))))
    assert found.geometry.shape == truth.geometry.shape
    assert np.allclose(found.geometry.spacing_mm, truth.geometry.spacing_mm, atol=1e-3)
    # The truth of Philips' enhanced images lies half a pixel beside Image Position (Patient) (PS3.3 C.7.6.2.1.1).
    tolerance = 0.51 if name.startswith("philips_enhanced") else 1e-2
    assert np.allclose(found.geometry.origin_mm, truth.geometry.origin_mm, atol=tolerance)
    assert np.allclose(found.voxels, truth.voxels, rtol=1e-5, atol=1e-3)

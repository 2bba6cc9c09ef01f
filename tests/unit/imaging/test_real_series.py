"""Every real series beside the checkout equals its ground truth voxel by voxel, or is rejected with a reason."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread

from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.study import PatientKey
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import InstanceRejectedError, SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_over_b, assemble_volume
from idh_tasks.imaging.directions import geometric_mean, trace_weights
from idh_tasks.imaging.itk import axial, from_image
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit

pytestmark = pytest.mark.real_data

VOLUMES = (
    "philips_enhanced/anatomical/001",
    "philips_enhanced/anatomical/001_implicit",
    "siemens_multiframe/anatomical/001",
    "hyperfine/anatomical/001",
    "ge/anatomical/001",
    "ge/anatomical/001_implicit",
    "generic/anatomical/001",
    "generic/anatomical/001_implicit",
    "generic/anatomical/002_non_isotropic",
    "generic/compressed/001",
    "generic/compressed_j2k/001",
    "generic/compressed_jpeg/001",
    "generic/compressed_jpegls/001",
    "generic/compressed_rle/001",
    "siemens/anatomical/001",
    "siemens/anatomical/001_implicit",
    "hitachi/anatomical/001",
    "hitachi/anatomical/001_implicit",
)
OVER_B = (
    "ge/dti/001",
    "ge/dti/001_implicit",
    "siemens/dti_classic/001",
    "siemens/dti_classic/001_implicit",
)
LAST_DIRECTION_ALONE = ("philips_enhanced/dti/001", "philips_enhanced/dti/001_implicit")
"""Their ground truth has four volumes: the first is the last direction, the other three are zero."""
REJECTED = {
    "ge/anatomical/001_single_slice": "E_GEOMETRY_SLICES",
    "ge/dti/002": "E_GEOMETRY_DUP",
}
REJECTED_AT_THE_GATE = {"generic/rgb/001": "E_BURNED_IN"}


def read(folder: Path) -> list[Dataset]:
    """Return the instances with their b-value in its standard element, as intake stores them."""
    instances: list[Dataset] = [dcmread(path) for path in sorted(folder.iterdir()) if path.name != "LICENSE"]
    for ds in instances:
        value = b_value(ds)
        if value is not None:
            ds.DiffusionBValue = value
    return instances


def read_truth(path: Path) -> sitk.Image:
    return sitk.ReadImage(str(path), sitk.sitkFloat32)


HALF_A_PIXEL = 0.51
"""The ground truth of Philips' enhanced images is half a pixel off Image Position (Patient) (PS3.3 C.7.6.2.1.1)."""


def assert_equal(volume: Volume, truth: Volume, name: str = "", position_mm: float = 1e-2) -> None:
    """Assert that both volumes have the same grid and voxels; `position_mm` is the tolerance of the origin."""
    volume, truth = axial(volume), axial(truth)
    if name.startswith("philips_enhanced"):
        position_mm = HALF_A_PIXEL * truth.geometry.spacing_mm[0]
    assert volume.geometry.shape == truth.geometry.shape
    assert np.allclose(volume.geometry.spacing_mm, truth.geometry.spacing_mm, atol=1e-3)
    assert np.allclose(volume.geometry.direction, truth.geometry.direction, atol=1e-3)
    assert np.allclose(volume.geometry.origin_mm, truth.geometry.origin_mm, atol=position_mm)
    assert np.allclose(volume.voxels, truth.voxels, rtol=1e-5, atol=1e-3)


def test_every_series_is_accounted_for(real_data: Path) -> None:
    root = real_data / "dicom" / "vendor_headers_random_pixels"
    series = {str(path.relative_to(root)) for path in root.glob("*/*/*") if path.is_dir()}
    assert series == {*VOLUMES, *OVER_B, *LAST_DIRECTION_ALONE, *REJECTED, *REJECTED_AT_THE_GATE}


@pytest.mark.parametrize("name", VOLUMES)
def test_a_volume_equals_its_truth(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = from_image(read_truth(Path(f"{folder}_ground_truth.nii.gz")))
    assert_equal(assemble_volume(frames(read(folder))), truth, name)


@pytest.mark.parametrize("name", OVER_B)
def test_volumes_over_b_equal_the_mean_of_their_truth(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = read_truth(Path(f"{folder}_ground_truth.nii.gz"))
    b_values = np.array(Path(f"{folder}_ground_truth.bval").read_text().split(), dtype=float)
    dwi = assemble_over_b(frames(read(folder)))
    assert dwi.steps == tuple(sorted(set(b_values)))
    for b, voxels in zip(dwi.steps, dwi.voxels, strict=True):
        same = [from_image(truth[:, :, :, int(t)]) for t in np.nonzero(b_values == b)[0]]
        mean = Volume(np.mean([one.voxels for one in same], axis=0), same[0].geometry)
        assert_equal(Volume(voxels, dwi.geometry), mean, name)


@pytest.mark.parametrize("name", LAST_DIRECTION_ALONE)
def test_the_last_direction_equals_its_truth(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = read_truth(Path(f"{folder}_ground_truth.nii.gz"))
    instances = frames(read(folder))
    assert assemble_over_b(instances).steps == (0.0, 1300.0)
    last = [ds for ds in instances if ds.InstanceNumber % 4 == 0]
    assert_equal(assemble_volume(last), from_image(truth[:, :, :, 0]), name)


@pytest.mark.parametrize(("name", "code"), REJECTED.items())
def test_a_series_that_is_no_volume_is_rejected_with_its_code(name: str, code: str, real_data: Path) -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_volume(frames(read(real_data / "dicom" / "vendor_headers_random_pixels" / name)))
    assert caught.value.code == code


@pytest.mark.parametrize(("name", "code"), REJECTED_AT_THE_GATE.items())
def test_a_screenshot_is_rejected_at_the_gate(name: str, code: str, real_data: Path) -> None:
    path = next((real_data / "dicom" / "vendor_headers_random_pixels" / name).iterdir())
    with pytest.raises(InstanceRejectedError) as caught:
        admit(path.read_bytes())
    assert caught.value.code in (code, "E_UID_MISMATCH")


def dcm2niix(files: Iterable[Path], out: Path) -> list[Path]:
    """Convert with dcm2niix, the reference where the data come without ground truth."""
    source, converted = out / "in", out / "converted"
    source.mkdir(parents=True)
    converted.mkdir()
    for path in files:
        (source / path.name).symlink_to(path.resolve())
    tool = Path(sys.executable).with_name("dcm2niix")
    command = [str(part) for part in (tool, "-z", "n", "-b", "n", "-f", "%s", "-o", converted, source)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
    return sorted(converted.glob("*.nii"))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_mosaic_in_nine_encodings_equals_dcm2niix_before_and_after_deidentification(
    number: int, real_data: Path, tmp_path: Path
) -> None:
    path = real_data / "dicom" / "mosaic_siemens_nine_encodings" / "In" / f"{number}.dcm"
    (reference,) = dcm2niix([path], tmp_path)
    ds = admit(path.read_bytes()).ds
    clean = deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32))
    for instance in (ds, clean):
        assert_equal(assemble_volume(frames([instance])), from_image(read_truth(reference)), position_mm=2e-2)


def test_an_mprage_by_siemens_equals_dcm2niix(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "dicom" / "mprage_siemens_skyra").glob("*.dcm"))
    (reference,) = dcm2niix(files, tmp_path)
    assert_equal(assemble_volume([dcmread(path) for path in files]), from_image(read_truth(reference)))


def test_diffusion_by_philips_equals_dcm2niix_without_the_trace(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "dicom" / "dwi_philips_vanderbilt"
    converted = dcm2niix(sorted(folder.glob("*.dcm")), tmp_path)
    truth = read_truth(converted[0])
    dwi = assemble_over_b(read(folder))
    assert dwi.steps == (0.0, 2000.0)
    directions = [from_image(truth[:, :, :, t]) for t in range(truth.GetSize()[3])]
    gradients = np.loadtxt(converted[0].with_name(converted[0].name.split(".")[0] + ".bvec")).T[1:]
    weighted = np.stack([one.voxels for one in directions[1:]])
    mean = Volume(geometric_mean(weighted, trace_weights(gradients)[0]), directions[0].geometry)
    for voxels, one in zip(dwi.voxels, (directions[0], mean), strict=True):
        assert_equal(Volume(voxels, dwi.geometry), one)

"""Every real series beside the checkout equals its ground truth voxel by voxel, or is refused with a reason."""

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
"""Their truth holds four volumes, of which three are zero and the first is the last direction."""
REFUSED = {
    "ge/anatomical/001_single_slice": "E_GEOMETRY_GAP",
    "ge/dti/002": "E_GEOMETRY_DUP",
}
AT_THE_GATE = {"generic/rgb/001": "E_BURNED_IN"}


def read(folder: Path) -> list[Dataset]:
    """Return the instances with their b-value in its standard element, as intake stores them."""
    found = [dcmread(path) for path in sorted(folder.iterdir()) if path.name != "LICENSE"]
    for ds in found:
        value = b_value(ds)
        if value is not None:
            ds.DiffusionBValue = value
    return found


def truth_of(path: Path) -> sitk.Image:
    return sitk.ReadImage(str(path), sitk.sitkFloat32)


HALF_A_PIXEL = 0.51
"""The truth of Philips' enhanced images lies half a pixel beside Image Position (Patient) (PS3.3 C.7.6.2.1.1)."""


def assert_equal(found: Volume, truth: Volume, name: str = "", place_mm: float = 1e-2) -> None:
    found, truth = axial(found), axial(truth)
    if name.startswith("philips_enhanced"):
        place_mm = HALF_A_PIXEL * truth.geometry.spacing_mm[0]
    assert found.geometry.shape == truth.geometry.shape
    assert np.allclose(found.geometry.spacing_mm, truth.geometry.spacing_mm, atol=1e-3)
    assert np.allclose(found.geometry.direction, truth.geometry.direction, atol=1e-3)
    assert np.allclose(found.geometry.origin_mm, truth.geometry.origin_mm, atol=place_mm)
    assert np.allclose(found.voxels, truth.voxels, rtol=1e-5, atol=1e-3)


def test_every_series_is_accounted_for(real_data: Path) -> None:
    root = real_data / "dicom" / "vendor_headers_random_pixels"
    there = {str(path.relative_to(root)) for path in root.glob("*/*/*") if path.is_dir()}
    assert there == {*VOLUMES, *OVER_B, *LAST_DIRECTION_ALONE, *REFUSED, *AT_THE_GATE}


@pytest.mark.parametrize("name", VOLUMES)
def test_a_volume(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = from_image(truth_of(Path(f"{folder}_ground_truth.nii.gz")))
    assert_equal(assemble_volume(frames(read(folder))), truth, name)


@pytest.mark.parametrize("name", OVER_B)
def test_volumes_over_b(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = truth_of(Path(f"{folder}_ground_truth.nii.gz"))
    stated = np.array(Path(f"{folder}_ground_truth.bval").read_text().split(), dtype=float)
    found = assemble_over_b(frames(read(folder)))
    assert found.steps == tuple(sorted(set(stated)))
    for b, voxels in zip(found.steps, found.voxels, strict=True):
        same = [from_image(truth[:, :, :, int(t)]) for t in np.nonzero(stated == b)[0]]
        mean = Volume(np.mean([one.voxels for one in same], axis=0), same[0].geometry)
        assert_equal(Volume(voxels, found.geometry), mean, name)


@pytest.mark.parametrize("name", LAST_DIRECTION_ALONE)
def test_the_volume_that_its_truth_holds(name: str, real_data: Path) -> None:
    folder = real_data / "dicom" / "vendor_headers_random_pixels" / name
    truth = truth_of(Path(f"{folder}_ground_truth.nii.gz"))
    given = frames(read(folder))
    assert assemble_over_b(given).steps == (0.0, 1300.0)
    last = [ds for ds in given if ds.InstanceNumber % 4 == 0]
    assert_equal(assemble_volume(last), from_image(truth[:, :, :, 0]), name)


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_what_is_no_volume_is_refused_by_name(name: str, code: str, real_data: Path) -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_volume(frames(read(real_data / "dicom" / "vendor_headers_random_pixels" / name)))
    assert caught.value.code == code


@pytest.mark.parametrize(("name", "code"), AT_THE_GATE.items())
def test_a_screenshot_does_not_come_so_far(name: str, code: str, real_data: Path) -> None:
    path = next((real_data / "dicom" / "vendor_headers_random_pixels" / name).iterdir())
    with pytest.raises(InstanceRejectedError) as caught:
        admit(path.read_bytes())
    assert caught.value.code in (code, "E_UID_MISMATCH")


def dcm2niix(files: Iterable[Path], out: Path) -> list[Path]:
    """Convert with the field's own converter; the truth where none lies beside the data."""
    source, made = out / "in", out / "made"
    source.mkdir(parents=True)
    made.mkdir()
    for path in files:
        (source / path.name).symlink_to(path.resolve())
    tool = Path(sys.executable).with_name("dcm2niix")
    command = [tool, "-z", "n", "-b", "n", "-f", "%s", "-o", made, source]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
    return sorted(made.glob("*.nii"))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_mosaic_in_nine_encodings_equals_dcm2niix_before_and_after_deidentification(
    number: int, real_data: Path, tmp_path: Path
) -> None:
    path = real_data / "dicom" / "mosaic_siemens_nine_encodings" / "In" / f"{number}.dcm"
    (made,) = dcm2niix([path], tmp_path)
    ds = admit(path.read_bytes()).ds
    clean = deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32))
    for instance in (ds, clean):
        assert_equal(assemble_volume(frames([instance])), from_image(truth_of(made)), place_mm=2e-2)


def test_a_head_by_siemens_equals_dcm2niix(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "dicom" / "mprage_siemens_skyra").glob("*.dcm"))
    (made,) = dcm2niix(files, tmp_path)
    assert_equal(assemble_volume([dcmread(path) for path in files]), from_image(truth_of(made)))


def test_diffusion_by_philips_equals_dcm2niix_without_the_trace(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "dicom" / "dwi_philips_vanderbilt"
    made = dcm2niix(sorted(folder.glob("*.dcm")), tmp_path)
    truth = truth_of(made[0])
    found = assemble_over_b(read(folder))
    assert found.steps == (0.0, 2000.0)
    directions = [from_image(truth[:, :, :, t]) for t in range(truth.GetSize()[3])]
    mean = Volume(np.mean([one.voxels for one in directions[1:]], axis=0), directions[0].geometry)
    for voxels, one in zip(found.voxels, (directions[0], mean), strict=True):
        assert_equal(Volume(voxels, found.geometry), one)

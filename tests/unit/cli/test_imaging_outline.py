"""`idh imaging outline`: a delivered outline on the grid of the T2, or the reason why not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset
from typer.testing import CliRunner, Result

from idh_tasks.cli.app import cli
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.offline.study_folder import read_study
from tests.factories import dicom_bytes, instance
from tests.outlines import BRAIN, FRAME, T2_GRID, Segment, nifti, segmentation, square, structures, tumour


@pytest.fixture
def t2(tmp_path: Path) -> Path:
    folder = tmp_path / "t2"
    folder.mkdir()
    for plane in range(T2_GRID.shape[0]):
        position = (T2_GRID.axes() @ [0, 0, plane] + T2_GRID.origin_mm).tolist()
        pixels = np.full(T2_GRID.shape[1:], plane, dtype=np.uint16)
        ds = instance(ImagePositionPatient=position, PixelSpacing=[1.5, 1.0], InstanceNumber=plane + 1)
        ds.Rows, ds.Columns, ds.PixelData, ds.FrameOfReferenceUID = 20, 24, pixels.tobytes(), FRAME
        (folder / f"{plane}.dcm").write_bytes(dicom_bytes(ds))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["imaging", "outline", *map(str, arguments)])


def saved(ds: Dataset, path: Path) -> Path:
    path.write_bytes(dicom_bytes(ds))
    return path


def as_json(result: Result) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def test_each_format_gives_the_same_mask_on_the_grid_of_the_t2(t2: Path, tmp_path: Path) -> None:
    box = np.zeros(T2_GRID.shape, dtype=bool)
    box[3:5, 6:13, 6:13] = True
    deliveries = {
        "DICOM SEG": saved(segmentation([Segment(box)], T2_GRID), tmp_path / "seg.dcm"),
        "RTSTRUCT": saved(structures({"GTV": [square(z, 5.5, 12.5) for z in (3, 4)]}, T2_GRID), tmp_path / "rt.dcm"),
        "NIfTI": tmp_path / "any name.nii",
    }
    deliveries["NIfTI"].write_bytes(nifti(box.astype(np.uint8), T2_GRID))
    for kind, path in deliveries.items():
        result = run(t2, path, "-o", tmp_path / "mask.nii.gz", "--json")
        assert result.exit_code == 0
        assert as_json(result) == {"kind": kind, "voxels": 98, "volume_ml": 0.588, "code": None, "reason": None}
        image = sitk.ReadImage(str(tmp_path / "mask.nii.gz"))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), box)
        np.testing.assert_allclose(image.GetOrigin(), T2_GRID.origin_mm)


def test_a_folder_may_also_hold_images_and_other_segmentations(t2: Path, tmp_path: Path) -> None:
    (t2 / "readme.txt").write_text("how it was drawn")
    saved(segmentation([Segment(tumour())], T2_GRID), t2 / "seg.dcm")
    saved(segmentation([Segment(~tumour(), "Brain", BRAIN)], T2_GRID), t2 / "brain.dcm")
    result = run(t2, t2, "-o", tmp_path / "mask.nii.gz")
    assert result.stdout == f"DICOM SEG: {tumour().sum()} voxels, {tumour().sum() * 6 / 1000:.3f} ml\n"


def test_of_the_nifti_files_of_a_folder_only_those_named_roi_count_as_in_the_nightly_run(
    t2: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "delivery", tmp_path / "mask.nii.gz"
    folder.mkdir()
    (folder / "ventricle.nii.gz").write_bytes(nifti(np.roll(tumour(), 4, axis=2).astype(np.uint8), T2_GRID))
    alone = as_json(run(t2, folder, "-o", out, "--json"))
    assert (alone["code"], "named roi.nii or roi.nii.gz" in alone["reason"]) == ("E_ROI", True)
    (folder / "ROI.nii").write_bytes(nifti(tumour().astype(np.uint8), T2_GRID))
    assert as_json(run(t2, folder, "-o", out, "--json"))["kind"] == "NIfTI"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(out))), tumour())


@pytest.mark.parametrize(
    ("ds", "reason"),
    [
        (segmentation([Segment(tumour(), "Brain", BRAIN)], T2_GRID), "is named as a tumour"),
        (segmentation([Segment(tumour())], T2_GRID, FrameOfReferenceUID="1.2.7"), "another frame of reference"),
        (instance(), "there is no DICOM SEG, RTSTRUCT or NIfTI mask"),
    ],
)
def test_a_refusal_names_code_and_reason_and_writes_nothing(t2: Path, tmp_path: Path, ds: Dataset, reason: str) -> None:
    path, out = saved(ds, tmp_path / "delivered.dcm"), tmp_path / "mask.nii.gz"
    printed = as_json(run(t2, path, "-o", out, "--json"))
    assert printed["code"] == "E_ROI"
    assert reason in printed["reason"]
    result = run(t2, path, "-o", out)
    assert result.exit_code == 1
    assert str(result.exception) == f"E_ROI: {printed['reason']}"
    assert not out.exists()


def test_only_a_file_named_roi_is_the_outline_of_a_study_folder(t2: Path) -> None:
    (t2 / "brain.nii.gz").write_bytes(b"another mask")
    assert read_study(t2, None).outline() is None
    (t2 / "roi.nii").write_bytes(b"the mask")
    assert read_study(t2, None).outline() == b"the mask"
    (t2 / "ROI.nii.gz").write_bytes(b"a second mask")
    with pytest.raises(StudyQuarantinedError, match="E_ROI: 2 masks"):
        read_study(t2, None)

"""The reported outlines beside the checkout: each gives what was said to be right, or is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from tests.conftest import REAL_DATA

DICOM = REAL_DATA.parent / "reported" / "dicom"
pytestmark = pytest.mark.skipif(not DICOM.is_dir(), reason="the reported files are not beside this checkout")


def outline(name: str, out: Path) -> dict[str, object]:
    arguments = ["imaging", "outline", DICOM / "s_src", DICOM / name, "-o", out, "--json"]
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    read: dict[str, object] = json.loads(result.stdout)
    assert result.exit_code == (1 if read["code"] else 0)
    return read


def voxels(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


@pytest.mark.parametrize("name", ["s_geom_flip_y", "s_brain_and_tumour", "s_fractional"])
def test_each_segmentation_gives_the_same_tumour(tmp_path: Path, name: str) -> None:
    assert outline("s_plain", tmp_path / "plain.nii.gz")["voxels"] == 556
    assert outline(name, tmp_path / "mask.nii.gz")["kind"] == "DICOM SEG"
    np.testing.assert_array_equal(voxels(tmp_path / "mask.nii.gz"), voxels(tmp_path / "plain.nii.gz"))


@pytest.mark.parametrize("name", ["r_one", "r_empty", "r_ring", "r_overlap"])
def test_each_structure_set_gives_the_same_square(tmp_path: Path, name: str) -> None:
    assert outline(name, tmp_path / "mask.nii.gz") == {
        "kind": "RTSTRUCT", "voxels": 180, "volume_ml": 0.54, "code": None, "reason": None,
    }  # fmt: skip


def test_a_tumour_that_is_marked_by_a_point_is_refused(tmp_path: Path) -> None:
    read = outline("r_point", tmp_path / "mask.nii.gz")
    assert read["code"] == "E_ROI"
    assert not (tmp_path / "mask.nii.gz").exists()

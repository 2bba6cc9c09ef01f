"""A delivered outline is read voxel by voxel, from DICOM SEG and from NIfTI."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.assembly import assemble_volume
from idh_tasks.imaging.roi import read_nifti, read_segmentation, rewrite_nifti
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.phantom.roi import write_nifti, write_segmentation
from tests.factories import geometry, stack

POSITIONS = [0.0, 5.0, 10.0, 15.0]


@pytest.mark.parametrize("marked", [[1], [1, 2], [0, 3]])
def test_a_segmentation_survives_deidentification(tmp_path: Path, marked: list[int]) -> None:
    files = []
    for number, ds in enumerate(stack(POSITIONS, FrameOfReferenceUID="1.2.9", SeriesDate="20180304"), start=1):
        ds.StudyID, ds.SeriesNumber, ds.StudyTime, ds.AccessionNumber = "1", 1, "100000", "1"
        ds.SliceThickness, ds.Manufacturer, ds.PositionReferenceIndicator = 5, "none", ""
        files.append(tmp_path / f"{number}.dcm")
        ds.save_as(files[-1], enforce_file_format=True)
    mask = np.zeros((4, 8, 8), dtype=bool)
    mask[marked, 2:5, 3:7] = True
    write_segmentation(tmp_path / "seg.dcm", mask, files, ("1.2.5", "1.2.6"))
    clean = deidentify(dcmread(tmp_path / "seg.dcm"), PatientKey("p"), Pseudonymiser("s" * 32))
    grid = assemble_volume([dcmread(file) for file in files]).geometry
    np.testing.assert_array_equal(read_segmentation(clean, grid).voxels, mask)


def test_a_rewritten_nifti_has_the_same_mask_and_grid(tmp_path: Path) -> None:
    mask, grid = np.zeros((4, 5, 6), dtype=bool), geometry((4, 5, 6))
    mask[1:3, 2:4, 1:5] = True
    write_nifti(tmp_path / "roi.nii.gz", mask, grid)
    read = read_nifti(rewrite_nifti((tmp_path / "roi.nii.gz").read_bytes()))
    np.testing.assert_array_equal(read.voxels, mask)
    np.testing.assert_allclose(read.geometry.origin_mm, grid.origin_mm)


def test_an_empty_mask_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    write_nifti(tmp_path / "roi.nii.gz", np.zeros((2, 2, 2), dtype=bool), geometry((2, 2, 2)))
    for content in ((tmp_path / "roi.nii.gz").read_bytes(), b"nothing"):
        with pytest.raises(StudyQuarantinedError) as caught:
            read_nifti(content)
        assert caught.value.code == "E_ROI"

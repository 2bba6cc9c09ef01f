"""Several delivered outlines must show the same tumour."""

import numpy as np
import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.delivered import Candidate, choose_outline, dicom_candidate, nifti_candidate
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.settings import ImagingSettings
from tests.outlines import BRAIN, FRAME, T2_GRID, Segment, nifti, rearranged, segmentation, square, structures, tumour

T2, SETTINGS = ReferenceImage(T2_GRID, frozenset({FRAME})), ImagingSettings()


def seg(mask: np.ndarray, label: str = "tumour") -> Candidate:
    return dicom_candidate(segmentation([Segment(mask, label, None)], T2_GRID), f"seg {label}")


def refusal(*candidates: Candidate) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        choose_outline(candidates, T2, SETTINGS)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


def test_without_a_delivery_there_is_no_outline() -> None:
    assert choose_outline([], T2, SETTINGS) is None


def test_the_same_tumour_in_several_objects_is_used_once() -> None:
    flipped = rearranged(tumour(), T2_GRID, (1, 0, 2), (False, True, False))
    again = dicom_candidate(segmentation([Segment(flipped.voxels > 0)], flipped.geometry), "again")
    found = choose_outline(
        [seg(tumour()), again, nifti_candidate(nifti(tumour().astype(np.uint8), T2_GRID), "n")], T2, SETTINGS
    )
    assert found is not None
    assert (found.kind, found.sha256) == ("DICOM SEG", "seg tumour")


def test_objects_that_disagree_are_asked_with_the_figure() -> None:
    box = dicom_candidate(structures({"GTV": [square(3, 5.5, 12.5)]}, T2_GRID), "rt")
    assert "2 outlines were delivered, and they disagree about the tumour (Dice 0." in refusal(seg(tumour()), box)


def test_an_object_without_a_tumour_is_left_out_only_beside_one_with_it() -> None:
    brain = dicom_candidate(segmentation([Segment(~tumour(), "Brain", BRAIN)], T2_GRID), "brain")
    found = choose_outline([brain, seg(tumour())], T2, SETTINGS)
    assert found is not None
    assert found.sha256 == "seg tumour"
    assert "is named as a tumour" in refusal(brain)


def test_a_mask_elsewhere_is_refused() -> None:
    moved = rearranged(tumour(), T2_GRID, (0, 1, 2), (False, False, False)).geometry
    away = type(moved)(moved.shape, moved.spacing_mm, (300.0, 0.0, 0.0), moved.direction)
    assert "outside the T2" in refusal(nifti_candidate(nifti(tumour().astype(np.uint8), away), "n"))

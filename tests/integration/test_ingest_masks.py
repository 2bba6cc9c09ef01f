"""A NIfTI mask is an outline only under its own name, and belongs to the one study that it came with."""

import numpy as np

from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.hospital import drop, outcomes, quarantined, stored, study
from tests.outlines import T2_GRID, nifti, tumour

MASK = nifti(tumour().astype(np.uint8), T2_GRID)
OTHER = nifti((~tumour()).astype(np.uint8), T2_GRID)


def test_only_a_file_named_roi_is_the_outline(platform: Platform) -> None:
    drop(platform, "one", study(), **{"a/brain_mask.nii.gz": OTHER, "a/ROI.nii": MASK, "a/t1_roi.nii.gz": OTHER})
    night.ingest(platform, ("bucket",))
    key = stored(platform).roi_key
    assert key is not None
    assert read_nifti(platform.store.get(key)).voxels.sum() == tumour().sum()
    assert outcomes(platform) == {"ingested": 1}
    assert quarantined(platform) == {"study W_CLUTTER": 1}


def test_without_a_file_of_that_name_there_is_no_outline(platform: Platform) -> None:
    drop(platform, "one", study(), **{"brain.nii.gz": OTHER})
    night.ingest(platform, ("bucket",))
    assert stored(platform).roi_key is None


def test_a_mask_that_came_with_two_studies_is_held_and_the_studies_are_stored_without(platform: Platform) -> None:
    drop(platform, "two", [*study("1.2.3"), *study("1.2.4")], **{"roi.nii.gz": MASK})
    night.ingest(platform, ("bucket",))
    assert [stored(platform, uid).roi_key for uid in ("1.2.3", "1.2.4")] == [None, None]
    assert outcomes(platform) == {"ingested": 1}
    assert quarantined(platform) == {"instance E_ROI": 1}


def test_two_different_masks_for_one_study_are_both_held(platform: Platform) -> None:
    drop(platform, "one", study(), **{"a/roi.nii": MASK, "b/roi.nii": OTHER})
    night.ingest(platform, ("bucket",))
    assert stored(platform).roi_key is None
    assert quarantined(platform) == {"instance E_ROI": 2}

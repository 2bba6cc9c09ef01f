"""Checks that the reference image contains all of an outline."""

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Geometry, Volume
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.refusals import refused


def check_contained(drawn: Volume, grid: Geometry, transform: sitk.Transform, floor: float) -> None:
    """Check that the reference image contains an outline, which would be cut off at its edge.

    Parameters
    ----------
    transform
        From points of the reference to points of the image on which the outline was drawn.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the share of the outline that it contains.
    """
    reference = Volume(np.ones(grid.shape, dtype=np.float32), grid)
    inside = resample(reference, drawn.geometry, transform.GetInverse(), nearest=True).voxels > 0
    share = float(inside[drawn.voxels > 0].mean())
    if share < floor:
        raise refused(f"the reference image contains {share:.0%} of the outline, {floor:.0%} is needed")

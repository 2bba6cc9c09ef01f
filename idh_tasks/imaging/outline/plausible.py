"""Checks that an outline has the size of a tumour and lies in the head."""

import numpy as np

from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.settings import ImagingSettings


def check_plausible(tumour: Mask, head: Mask, grid: Geometry, settings: ImagingSettings) -> None:
    """Check that an outline has the size of a tumour and lies in the head, since a brain mask may miss the tumour.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the implausible figure.
    """
    volume_ml = float(tumour.sum()) * float(np.prod(grid.spacing_mm)) / 1000
    low, high = settings.tumour_ml
    if not low <= volume_ml <= high:
        raise refused(f"the volume of the outline is {volume_ml:.1f} ml; {low:g} to {high:g} ml are plausible")
    inside = float((tumour & head).sum()) / float(tumour.sum())
    if inside < settings.tumour_in_head_floor:
        raise refused(f"only {inside:.0%} of the outline is inside the head; was it drawn on this T2?")

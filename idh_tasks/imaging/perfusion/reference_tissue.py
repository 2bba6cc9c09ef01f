"""The tissue to which a perfusion series is compared: brain without scalp, large vessels and leaking tumour."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask, Triple
from idh_tasks.imaging.perfusion.first_pass import MAD_TO_SD, FirstPass

SHELL_MM = 10.0
"""Depth of the outer shell of the head that holds scalp, skull and the vessels of the cortex."""
SHELL_SHARE = 0.3
"""The shell is at most this part of the depth of a slice, since a skull-stripped or small head has no such shell."""
AREA_RANGE = (0.2, 3.0)
"""Area under the curve relative to the median, beyond which a voxel is CSF or a vessel."""
LATE_SPREAD = 1.5
"""Robust standard deviations by which the level after the first pass, relative to the area, may differ from the median:
it is lower where T1 leakage dominates and higher where T2* leakage does."""


def inner_tissue(mask: Mask, spacing_mm: Triple) -> Mask:
    """Return the voxels of the tissue that lie deeper than the outer shell of the head in their slice."""
    inner = np.zeros_like(mask)
    for number, tissue in enumerate(mask):
        depth = ndimage.distance_transform_edt(
            np.pad(ndimage.binary_fill_holes(tissue), 1), sampling=(spacing_mm[1], spacing_mm[0])
        )[1:-1, 1:-1]
        inner[number] = tissue & (depth > min(SHELL_MM, SHELL_SHARE * float(depth.max())))
    return inner


def non_enhancing(change: Float, inner: NDArray[np.bool_], first_pass: FirstPass) -> NDArray[np.bool_]:
    """Return the voxels that show an ordinary passage of the bolus, without leakage, of shape (n,).

    Parameters
    ----------
    change
        ΔR2* in 1/s, of shape (t, n).
    inner
        Which of the n voxels lie in the inner tissue.
    """
    noise = change[first_pass.start : first_pass.baseline + 1].std(axis=0)
    passing = inner & (change.max(axis=0) > 3 * noise)
    area = change[first_pass.baseline : first_pass.end + 1].sum(axis=0)
    passing &= area > 0
    if not passing.any():
        return passing
    typical = float(np.median(area[passing]))
    passing &= (area > AREA_RANGE[0] * typical) & (area < AREA_RANGE[1] * typical)
    late = change[first_pass.end :].mean(axis=0) / np.where(area > 0, area, 1)
    deviation = np.abs(late - np.median(late[passing]))
    spread = MAD_TO_SD * float(np.median(deviation[passing])) + 1e-3 / (first_pass.end - first_pass.baseline)
    return np.asarray(passing & (deviation <= LATE_SPREAD * spread))

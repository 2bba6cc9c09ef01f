"""Adds what the lesion encloses or borders on: necrosis, cysts, enhancing tumour and blood."""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.imaging.proposal.grid import MM
from idh_tasks.imaging.proposal.hemisphere import Mirror, asymmetry
from idh_tasks.imaging.proposal.intensities import Intensities
from idh_tasks.imaging.proposal.morphology import CROSS, closed, distance_mm, filled, opened, sums

UNUSUAL = 2.0
"""A voxel is unusual if a score is this far outside the range around its counterpart."""
BORDER_UNUSUAL, BORDER_FLUID = 0.35, 0.55
"""Share of its border that a part must have close to the lesion; a ventricle or a sulcus has less."""
SEAM_MM = 4.0
"""A blurred seam of this width, as bright as healthy tissue, lies between a bright rim and a dark core."""
GAP_MM = 6.0
"""The rim around a cavity may have gaps of up to twice this width."""
POCKET = 0.7
"""A pocket between the lesion and the surface of the brain is smaller than this fraction of the lesion."""


def with_core(lesion: Mask, seen: Intensities, mirror: Mirror) -> Mask:
    """Add unusual parts and fluid that the lesion surrounds, what it encloses, and pockets towards the surface."""
    unusual = _unusual(seen, mirror)
    lesion = lesion | _bordering(opened(unusual & ~lesion), lesion, seen.brain, BORDER_UNUSUAL)
    lesion = lesion | _bordering(opened(seen.fluid & ~lesion), lesion, seen.brain, BORDER_FLUID)
    wall = closed(lesion, GAP_MM) & seen.brain
    enclosed = filled(wall) & seen.brain
    cavities = enclosed & (distance_mm(enclosed & ~wall) <= GAP_MM + MM) | filled(lesion)
    pockets = _pockets(wall | cavities, lesion, seen.brain) & ndimage.binary_dilation(unusual | seen.fluid)
    pockets = _bordering(pockets & ~lesion, lesion, seen.brain, BORDER_FLUID)
    return lesion | (cavities & ~seen.fluid) | pockets


def _unusual(seen: Intensities, mirror: Mirror) -> Mask:
    """Return voxels brighter or darker than around their counterpart in any of the images."""
    images = [seen.flair, seen.t2] if seen.t1c is None else [seen.flair, seen.t2, seen.t1c]
    differences = [side for image in images for side in asymmetry(image, seen.brain, mirror)]
    return np.asarray(seen.brain & (np.maximum.reduce(differences) > UNUSUAL))


def _bordering(parts: Mask, lesion: Mask, brain: Mask, share: float) -> Mask:
    """Return the parts, none larger than the lesion, that have a share of their border close to it, with the seam."""
    labels, _ = ndimage.label(parts)
    close = distance_mm(lesion) <= SEAM_MM
    nearby = ndimage.grey_dilation(labels, footprint=CROSS)
    border = (nearby > 0) & (labels == 0) & brain
    count, common = sums(nearby, border), sums(nearby, border & close)
    chosen = (common >= share * np.maximum(count, 1)) & (np.bincount(labels.ravel()) <= lesion.sum())
    chosen[0] = False
    part = chosen[labels]
    return np.asarray(part | (brain & close & (distance_mm(part) <= SEAM_MM)))


def _pockets(wall: Mask, lesion: Mask, brain: Mask) -> Mask:
    """Return the small parts of the brain that the lesion cuts off from the rest."""
    labels, count = ndimage.label(ndimage.binary_erosion(brain & ~wall, CROSS))
    if count < 2:
        return np.zeros_like(brain)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    small = sizes < min(POCKET * lesion.sum(), 0.1 * sizes.max())
    small[0] = False
    return np.asarray(ndimage.binary_dilation(small[labels], CROSS) & brain & ~wall)

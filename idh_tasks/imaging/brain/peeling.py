"""Extracts the brain by peeling layers off the head until what is left has the size of a brain."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.domain.volume import Float, Geometry, Mask, Volume
from idh_tasks.imaging.itk import resample, to_image

WORKING_MM = 1.8
"""Voxel size of the working grid."""
HEAD_MM = 170.0
"""The brain lies within this distance below the top of the head; lower tissue belongs to the neck."""
SCALP_MM = 15.0
"""Tissue brighter than brain is fat within this distance of the skin, and enhancing tumour below it."""
DARK, BRIGHT = 0.55, 1.7
"""Range of healthy brain tissue, relative to the median in the middle of the head."""
LESION = 0.25
"""Oedema and necrosis are darker than healthy tissue, but brighter than this; bone is darker."""
PEELS_MM = tuple(float(n) for n in range(2, 13))
CLOSE_MM = 12.0
DENT_MM = 60.0
"""A tumour at the surface leaves a dent of up to twice this width in the healthy tissue."""
LARGEST_ML, TALLEST_MM = 1750.0, 150.0
"""A larger or taller piece still contains muscles of the neck."""


def peeled_mask(image: Volume) -> Mask:
    """Segment the brain with its cerebrospinal fluid.

    Parameters
    ----------
    image
        T1-weighted, with the skull, in axial slices from feet to head.

    Returns
    -------
    What is left of the head; the caller checks that it has the shape of a brain.
    """
    coarse = _coarse(image)
    peeled = Volume(_peeled(coarse.voxels).astype(np.float32), coarse.geometry)
    return np.asarray(resample(peeled, image.geometry, sitk.Transform()).voxels > 0.5)


def _coarse(volume: Volume) -> Volume:
    image = to_image(volume)
    smooth = sitk.SmoothingRecursiveGaussian(image, WORKING_MM / 2)
    size = np.ceil(np.array(image.GetSize()) * image.GetSpacing() / WORKING_MM).astype(int).tolist()
    grid = Geometry(
        (size[2], size[1], size[0]), (WORKING_MM,) * 3, volume.geometry.origin_mm, volume.geometry.direction
    )
    return resample(Volume(sitk.GetArrayFromImage(smooth), volume.geometry), grid, sitk.Transform())


def _peeled(image: Float) -> Mask:
    """Return the brain on the working grid, cropped to the head while it is segmented."""
    head, healthy, possible = _tissue(image)
    brain: Mask = np.zeros(image.shape, dtype=bool)
    for box in ndimage.find_objects(head.astype(np.int8)):
        brain[box] = _without_shell(head[box], healthy[box], possible[box])
    return brain


def _without_shell(head: Mask, healthy: Mask, possible: Mask) -> Mask:
    """Peel layers until one piece no larger than a brain is left, grow it back, and fill in lesions and cavities."""
    depth_mm = _depth_mm(healthy)
    for peel_mm in PEELS_MM:
        grown = _depth_mm(~_largest(depth_mm > peel_mm)) < peel_mm + WORKING_MM / 2
        if grown.sum() * WORKING_MM**3 / 1000 <= LARGEST_ML and _height_mm(grown) <= TALLEST_MM:
            break
    return _closed(grown | (_without_dents(grown) & possible), CLOSE_MM) & head


def _tissue(image: Float) -> tuple[Mask, Mask, Mask]:
    """Return the head above the neck, its voxels as bright as healthy brain, and those that may be brain or lesion."""
    least, most = np.percentile(image, (2, 98))
    head = np.asarray(ndimage.binary_fill_holes(image > least + 0.1 * (most - least)))
    top = int(np.nonzero(head.any(axis=(1, 2)))[0].max(initial=0))
    head[: max(0, top - int(HEAD_MM / WORKING_MM))] = False
    depth_mm = _depth_mm(head)
    typical = float(np.median(image[depth_mm > 0.5 * depth_mm.max()]))
    no_fat = head & ((image < BRIGHT * typical) | (depth_mm > SCALP_MM))
    return head, no_fat & (image > DARK * typical), no_fat & (image > LESION * typical)


def _height_mm(mask: Mask) -> float:
    slices = np.nonzero(mask.any(axis=(1, 2)))[0]
    return float(np.ptp(slices)) * WORKING_MM if slices.size else 0.0


def _depth_mm(mask: Mask) -> Float:
    """Return the distance from each voxel of a mask to the nearest voxel outside it."""
    return np.asarray(ndimage.distance_transform_edt(mask) * WORKING_MM, dtype=np.float32)


def _largest(mask: Mask) -> Mask:
    """Return the largest connected part of a mask."""
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((parts == sizes.argmax()) & mask)


def _without_dents(mask: Mask) -> Mask:
    """Fill wide dents on voxels of twice the size; distances in voxels are halved there."""
    filled = _closed(mask[::2, ::2, ::2], DENT_MM / 2)
    for axis, n in enumerate(mask.shape):
        filled = filled.repeat(2, axis=axis).take(range(n), axis=axis)
    return filled


def _closed(mask: Mask, reach_mm: float) -> Mask:
    """Fill cavities, and dents of up to twice the reach in width."""
    padding = int(np.ceil(reach_mm / WORKING_MM)) + 1
    dilated = _depth_mm(~np.pad(mask, padding)) <= reach_mm
    inner = slice(padding, -padding)
    return np.asarray(ndimage.binary_fill_holes((_depth_mm(dilated) > reach_mm)[inner, inner, inner]))

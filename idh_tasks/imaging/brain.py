"""A brain mask from a native MPRAGE: the head is peeled until no more than a brain is left."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Geometry, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import resample, to_image

WORKING_MM = 1.8
HEAD_MM = 170.0
"""The brain lies within this distance below the top of the head; what is lower is neck."""
SCALP_MM = 15.0
"""What is brighter than brain is fat within this distance of the skin, and an enhancing tumour below it."""
DARK, BRIGHT = 0.55, 1.7
"""Between them lies sound tissue of the brain, as shares of the median in the middle of the head."""
SICK = 0.25
"""Oedema and necrosis are darker, but not as dark as bone."""
PEELS_MM = tuple(float(n) for n in range(2, 13))
CLOSE_MM = 12.0
DENT_MM = 60.0
"""A tumour at the surface leaves a dent up to twice as wide in what is sound."""
LARGEST_ML, TALLEST_MM = 1750.0, 150.0
"""A brain that is larger or taller still hangs on to muscles of the neck."""
PLAUSIBLE_ML = (600.0, 1900.0)


def brain_mask(mprage: Volume) -> Mask:
    """Mark the brain with its fluid.

    Parameters
    ----------
    mprage
        In axial slices, the feet first; with its skull, or zero outside the brain.

    Raises
    ------
    SeriesRejectedError
        ``E_BRAIN_MASK`` if what is found has not the volume of a brain.
    """
    stripped = np.asarray(ndimage.binary_fill_holes(mprage.voxels > 0))
    if _is_brain(stripped, mprage.geometry):
        return stripped
    coarse = _coarse(mprage)
    mask = Volume(_peeled(coarse.voxels).astype(np.float32), coarse.geometry)
    found = resample(mask, mprage.geometry, sitk.Transform()).voxels > 0.5
    if not _is_brain(found, mprage.geometry):
        volume_ml = found.sum() * np.prod(mprage.geometry.spacing_mm) / 1000
        raise SeriesRejectedError(Code.E_BRAIN_MASK, f"{volume_ml:.0f} ml is not the volume of a brain")
    return np.asarray(found)


def _is_brain(mask: Mask, grid: Geometry) -> bool:
    low, high = PLAUSIBLE_ML
    return bool(low <= mask.sum() * np.prod(grid.spacing_mm) / 1000 <= high)


def _coarse(volume: Volume) -> Volume:
    image = to_image(volume)
    smooth = sitk.SmoothingRecursiveGaussian(image, WORKING_MM / 2)
    size = np.ceil(np.array(image.GetSize()) * image.GetSpacing() / WORKING_MM).astype(int).tolist()
    grid = Geometry(
        (size[2], size[1], size[0]), (WORKING_MM,) * 3, volume.geometry.origin_mm, volume.geometry.direction
    )
    return resample(Volume(sitk.GetArrayFromImage(smooth), volume.geometry), grid, sitk.Transform())


def _peeled(image: Float) -> Mask:
    """Take the outermost layers away until one piece no larger than a brain is left, and give it back what it lost."""
    everything = _tissue(image)
    found: Mask = np.zeros(image.shape, dtype=bool)
    for box in ndimage.find_objects(everything[0].astype(np.int8)):
        found[box] = _without_shell(*(part[box] for part in everything))
    return found


def _without_shell(head: Mask, sound: Mask, sick: Mask) -> Mask:
    depth_mm = _depth_mm(sound)
    for peel_mm in PEELS_MM:
        grown = _depth_mm(~_largest(depth_mm > peel_mm)) < peel_mm + WORKING_MM / 2
        if grown.sum() * WORKING_MM**3 / 1000 <= LARGEST_ML and _height_mm(grown) <= TALLEST_MM:
            break
    return _closed(grown | (_without_dents(grown) & sick), CLOSE_MM) & head


def _tissue(image: Float) -> tuple[Mask, Mask, Mask]:
    """Mark the head above the neck, what is as bright in it as sound brain, and what may be sick brain."""
    least, most = np.percentile(image, (2, 98))
    head = np.asarray(ndimage.binary_fill_holes(image > least + 0.1 * (most - least)))
    top = int(np.nonzero(head.any(axis=(1, 2)))[0].max(initial=0))
    head[: max(0, top - int(HEAD_MM / WORKING_MM))] = False
    depth_mm = _depth_mm(head)
    usual = float(np.median(image[depth_mm > 0.5 * depth_mm.max()]))
    no_fat = head & ((image < BRIGHT * usual) | (depth_mm > SCALP_MM))
    return head, no_fat & (image > DARK * usual), no_fat & (image > SICK * usual)


def _height_mm(mask: Mask) -> float:
    slices = np.nonzero(mask.any(axis=(1, 2)))[0]
    return float(np.ptp(slices)) * WORKING_MM if slices.size else 0.0


def _depth_mm(mask: Mask) -> Float:
    """Return the distance of each voxel of a mask to the nearest one outside."""
    return np.asarray(ndimage.distance_transform_edt(mask) * WORKING_MM, dtype=np.float32)


def _largest(mask: Mask) -> Mask:
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((parts == sizes.argmax()) & mask)


def _without_dents(mask: Mask) -> Mask:
    """Fill wide dents on voxels of twice the size, on which distances count half."""
    filled = _closed(mask[::2, ::2, ::2], DENT_MM / 2)
    for axis, n in enumerate(mask.shape):
        filled = filled.repeat(2, axis=axis).take(range(n), axis=axis)
    return filled


def _closed(mask: Mask, reach_mm: float) -> Mask:
    """Fill cavities, and dents up to twice the reach wide."""
    room = int(np.ceil(reach_mm / WORKING_MM)) + 1
    wide = _depth_mm(~np.pad(mask, room)) <= reach_mm
    inner = slice(room, -room)
    return np.asarray(ndimage.binary_fill_holes((_depth_mm(wide) > reach_mm)[inner, inner, inner]))

"""Extracts the brain with the networks of deepbet, which were trained on T1-weighted images of heads.

The steps are those of ``deepbet.bet.BrainExtraction`` 1.0.2 (MIT licence), on arrays of NumPy. One network finds the
box around the brain at a low resolution, the other marks the brain in it. Bone is removed from what they mark.
"""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.imaging.brain.bone import without_bone
from idh_tasks.imaging.brain.network import session

BOX_SHAPE, BRAIN_SHAPE = (128, 128, 128), (256, 256, 256)
"""Shapes that the two networks were trained on."""
DARKEST, BRIGHTEST = 0.005, 0.995
"""Quantiles of the image that are mapped to 0 and 1."""
MEAN, SD = 0.449, 0.226
"""Mean and standard deviation of the networks' input."""
MARGIN = 0.1
"""Margin of the box on each side, relative to its size."""
FOREGROUND = 0.02
"""Share of a plane that must be brain for the plane to lie in the box."""
Box = tuple[slice, slice, slice]


def trained_mask(image: Volume) -> Mask:
    """Segment the brain with its cerebrospinal fluid.

    Parameters
    ----------
    image
        T1-weighted and finite, in axial slices from feet to head (LPS), of any spacing.

    Returns
    -------
    The largest part that the network marks, with its cavities filled and without bone; empty if it finds no brain.
    """
    # The networks take (x, y, z) with axes that run to the right, to the front and to the top.
    marked = _marked(image.voxels[:, ::-1, ::-1].T).T[:, ::-1, ::-1]
    return largest(without_bone(image, marked))


def _marked(voxels: Float) -> Mask:
    mask = np.zeros(voxels.shape, dtype=bool)
    low, high = (float(q) for q in np.quantile(_resized(voxels, BOX_SHAPE), (DARKEST, BRIGHTEST)))
    box = _box(voxels, low, high) if high > low else None
    if box is not None:
        probable = _probability("model", _resized(voxels[box], BRAIN_SHAPE), low, high)
        mask[box] = ndimage.binary_fill_holes(largest(_resized(probable, mask[box].shape) > 0.5))
    return mask


def largest(mask: Mask) -> Mask:
    """Return the largest part of a mask; voxels that share a corner are connected."""
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((parts == sizes.argmax()) & mask)


def _box(voxels: Float, low: float, high: float) -> Box | None:
    """Return the box around the brain, if there is one."""
    brain = largest(_probability("bbox_model", _resized(voxels, BOX_SHAPE), low, high) > 0.5)
    x, y, z = (_side(brain, axis, voxels.shape[axis]) for axis in range(3))
    return None if x is None or y is None or z is None else (x, y, z)


def _side(brain: Mask, axis: int, length: int) -> slice | None:
    """Return the extent of the box along an axis, with its margin, in voxels of the image."""
    others = tuple(other for other in range(3) if other != axis)
    planes = np.nonzero(brain.mean(axis=others) > FOREGROUND)[0]
    if not planes.size:
        return None
    scale = length / brain.shape[axis]
    centre = np.round(scale * (planes[-1] + 1 + planes[0]) / 2)
    size = np.round(scale * (planes[-1] + 1 - planes[0]) * (1 + 2 * MARGIN))
    return slice(max(0, int(centre - size / 2)), min(length, int(centre + size / 2)))


def _probability(network: str, voxels: Float, low: float, high: float) -> Float:
    scaled = np.clip((voxels - low) / (high - low), 0, 1)
    scaled = (SD * (scaled - scaled.mean()) / scaled.std(ddof=1) + MEAN).astype(np.float32)
    return np.asarray(session(network).run(None, {"image": scaled[None, None]})[0])[0, 0]


def _resized(voxels: Float, shape: tuple[int, ...]) -> Float:
    """Take the nearest voxel at the centre of each new one (``nearest-exact`` in PyTorch)."""
    for axis, (old, new) in enumerate(zip(voxels.shape, shape, strict=True)):
        voxels = voxels.take(np.floor((np.arange(new) + 0.5) * (old / new)).astype(int), axis=axis)
    return voxels

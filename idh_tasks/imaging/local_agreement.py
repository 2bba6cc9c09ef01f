"""How well two registered images agree locally: is the place to which a block belongs the one where it fits best?

Mutual information of whole images also rises with what all heads share. Folds and vessels fit in one place only, and
only those of the same patient.
"""

from itertools import product

import numpy as np
import SimpleITK as sitk
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.head import bright_region

BLOCK_MM = 36.0
STEP_MM = 24.0
"""Distance between neighbouring blocks, which overlap."""
REACH_MM = 8.0
"""Each block is compared with the other image at shifts of up to this length along each axis."""
IN_HEAD = 0.8
"""Share of a block that must lie in the head."""
BINS = 8
"""Voxels of a block are sorted into so many groups of equal size by their brightness."""
NEIGHBOURS_MM = 20.0
"""Standard deviation of the weights by which the similarity of a block is averaged with that of its neighbours."""
SORTED = 4000
"""Voxels of the head from which its distribution of brightness is taken."""
OUTSIDE = -1e9

Triplet = NDArray[np.int64]
Blocks = NDArray[np.float32]


def local_agreement(sampled: sitk.Image, other: sitk.Image, transform: sitk.Transform, head: sitk.Image) -> float:
    """Return the similarity of blocks at their own place, relative to that at their best shift.

    Similarity is the share of the other image's variance that the brightness of the block explains, whatever function
    relates the two (correlation ratio, Roche et al., MICCAI 1998), so any contrasts can be compared. It is averaged
    with that of neighbouring blocks, because noise moves the best shift of a single one. The mean over distant shifts
    counts as zero: 1 if every block fits best where it is, about 0 by chance. It is 0 if no block can be compared.

    Parameters
    ----------
    transform
        From points of `sampled` to points of `other`.
    head
        The head in `sampled`.
    """
    spacing = np.array(sampled.GetSpacing())[::-1]
    fixed = sitk.GetArrayFromImage(sampled)
    size = np.minimum(np.maximum(3, np.round(BLOCK_MM / spacing).astype(int)), fixed.shape)
    reach = np.maximum(1, np.round(REACH_MM / spacing).astype(int))
    moved = _moved(sampled, _equalised(other), transform, reach)
    windows = sliding_window_view(moved, tuple(size + 2 * reach))
    corners = _corners(head, size, windows, np.maximum(1, np.round(STEP_MM / spacing).astype(int)))
    if not len(corners):
        return 0.0
    groups = _groups(sliding_window_view(fixed, tuple(size))[tuple(corners.T)].reshape(len(corners), -1))
    similarity = _similarities(groups, windows[tuple(corners.T)], size, reach)
    return _relative(_averaged(similarity, corners * spacing), spacing, reach)


def _equalised(image: sitk.Image) -> sitk.Image:
    """Replace intensities by their rank in the head, from 0 to 1: fat and fluid would outweigh all brain tissue."""
    voxels = sitk.GetArrayFromImage(image)
    few = sitk.Shrink(image, [2, 2, 2])  # a distribution needs no more voxels
    head = sitk.GetArrayFromImage(few)[sitk.GetArrayFromImage(bright_region(few)) > 0]
    steps = np.sort(head[:: max(1, head.size // SORTED)]) if head.size else np.zeros(1)
    equal = sitk.GetImageFromArray(np.interp(voxels, steps, np.linspace(0, 1, len(steps))).astype(np.float32))
    equal.CopyInformation(image)
    return equal


def _moved(sampled: sitk.Image, other: sitk.Image, transform: sitk.Transform, reach: Triplet) -> Float:
    """Resample the other image onto the sampled grid with a margin."""
    margin = reach[::-1].tolist()
    # A slab has no room for shifts on its own grid.
    grid = sitk.ConstantPad(sampled, margin, margin)
    return sitk.GetArrayFromImage(sitk.Resample(other, grid, transform, sitk.sitkLinear, OUTSIDE, sitk.sitkFloat32))


def _corners(image: sitk.Image, size: Triplet, windows: Float, step: Triplet) -> Triplet:
    """Return the first voxels of blocks that lie in the head and whose shifts lie inside the other image."""
    head = sitk.GetArrayFromImage(image)
    corners = np.array(list(product(*(range(0, n, s) for n, s in zip(windows.shape[:3], step, strict=True)))))
    in_head = sliding_window_view(head, tuple(size))[tuple(corners.T)].mean(axis=(1, 2, 3)) >= IN_HEAD
    corners = corners[in_head]
    return np.asarray(corners[windows[tuple(corners.T)].min(axis=(1, 2, 3)) > OUTSIDE / 2])


def _groups(blocks: Blocks) -> Blocks:
    """Return orthonormal vectors per block: each is constant on one group of voxels and zero on the others."""
    group = np.empty(blocks.shape, dtype=np.int64)
    np.put_along_axis(group, blocks.argsort(axis=1), np.arange(blocks.shape[1])[None] * BINS // blocks.shape[1], axis=1)
    member = np.stack([group == number for number in range(BINS)], axis=1).astype(np.float32)
    return np.asarray(member / np.sqrt(np.maximum(member.sum(axis=2, keepdims=True), 1)))


def _similarities(groups: Blocks, windows: Float, size: Triplet, reach: Triplet) -> Float:
    """Return the explained variance (block, z, y, x) of every block at every shift."""
    similarity = np.empty((len(groups), *(2 * reach + 1)), dtype=np.float32)
    for shift in product(*(range(2 * r + 1) for r in reach)):
        z, y, x = (slice(s, s + n) for s, n in zip(shift, size.tolist(), strict=True))
        values = windows[:, z, y, x].reshape(len(groups), -1)
        values = values - values.mean(axis=1, keepdims=True)
        explained = np.matmul(groups, values[:, :, None])[:, :, 0]
        total = np.einsum("bn,bn->b", values, values)
        similarity[:, shift[0], shift[1], shift[2]] = (explained**2).sum(axis=1) / np.maximum(total, 1e-6)
    return similarity


def _averaged(similarity: Float, places_mm: NDArray[np.float64]) -> Float:
    distance = np.linalg.norm(places_mm[:, None] - places_mm, axis=2)
    weights = np.exp(-((distance / NEIGHBOURS_MM) ** 2) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.tensordot(weights, similarity, axes=1), dtype=np.float32)


def _relative(similarity: Float, spacing: NDArray[np.float64], reach: Triplet) -> float:
    axes = [np.arange(-r, r + 1) * s for r, s in zip(reach, spacing, strict=True)]
    distance = np.linalg.norm(np.stack(np.meshgrid(*axes, indexing="ij")), axis=0)
    chance = similarity[:, distance >= REACH_MM].mean(axis=1)
    here, best = similarity[:, distance == 0][:, 0], similarity.max(axis=(1, 2, 3))
    gain = float((best - chance).sum())
    return float((here - chance).sum()) / gain if gain > 0 else 0.0

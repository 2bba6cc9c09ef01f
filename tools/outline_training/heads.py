"""Reads real patients on the working grid, and heals their heads: the tumour is replaced by the other hemisphere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging import files

NAMES = ("t2", "flair", "t1ce")
BILATERAL = 0.05
"""A tumour is in one hemisphere if a smaller fraction of it has its counterpart in the tumour."""
SEARCH = 8
"""The plane of symmetry is sought within so many half voxels of the middle of the brain."""


@dataclass(frozen=True)
class Head:
    """Images by name in units of the tissue's median, brain and tumour, all in voxels of 2 mm."""

    patient: str
    images: Mapping[str, Float]
    brain: Mask
    tumour: Mask


def read_heads(root: Path) -> list[Head]:
    """Read every patient of a folder, in the order of their names."""
    return [read_head(folder) for folder in sorted(root.iterdir()) if folder.is_dir()]


def read_head(folder: Path) -> Head:
    """Read one patient of 1 mm voxels in BraTS layout, and average blocks of eight voxels."""
    volumes = {n: files.read_volume(next(folder.glob(f"*_{n}.nii.gz"))).voxels for n in (*NAMES, "seg")}
    brain = _blocks(volumes["t2"] > 0) > 0.5
    tumour = (_blocks(volumes["seg"] > 0) >= 0.5) & brain
    images = {name: _blocks(volumes[name]) * brain for name in NAMES}
    tissue = brain & ~tumour
    tissue &= images["t2"] <= np.percentile(images["t2"][tissue], 85)
    return Head(
        folder.name, {n: image / np.median(image[tissue]) * brain for n, image in images.items()}, brain, tumour
    )


def can_be_healed(head: Head) -> bool:
    """Return whether the tumour lies in one hemisphere, so that the other can replace it."""
    both = head.tumour & head.tumour[:, :, _mirrored_columns(head)]
    return float(both.sum()) < BILATERAL * float(head.tumour.sum())


def healed(head: Head) -> Head:
    """Return the head with the tumour replaced by its mirror image, blended over some millimetres."""
    columns = _mirrored_columns(head)
    weight = ndimage.gaussian_filter(ndimage.binary_dilation(head.tumour, iterations=4).astype(np.float32), 1.0)
    weight = np.clip(1.6 * weight, 0, 1)
    bilateral = ndimage.binary_dilation(head.tumour[:, :, columns], iterations=3)
    images = {}
    for name, image in head.images.items():
        other = np.where(bilateral, 1.0, image[:, :, columns])
        other = np.where(head.brain[:, :, columns], other, image)
        images[name] = (((1 - weight) * image + weight * other) * head.brain).astype(np.float32)
    return Head(head.patient, images, head.brain, np.zeros_like(head.brain))


def _mirrored_columns(head: Head) -> np.ndarray:
    inside = np.nonzero(head.brain.any(axis=(0, 1)))[0]
    middle, count = int(inside.min() + inside.max()), head.brain.shape[2]
    candidates = [s - np.arange(count) for s in range(middle - SEARCH, middle + SEARCH + 1)]
    return np.clip(max(candidates, key=lambda columns: _symmetry(head, columns)), 0, count - 1)


def _symmetry(head: Head, columns: np.ndarray) -> float:
    inside = (columns >= 0) & (columns < head.brain.shape[2])
    columns = np.clip(columns, 0, head.brain.shape[2] - 1)
    both = head.brain & head.brain[:, :, columns] & inside
    used = both & ~head.tumour & ~head.tumour[:, :, columns]
    image = head.images["t1ce"]
    correlation = np.corrcoef(image[:, :, columns][used], image[used])[0, 1]
    return float(correlation * both.sum() / head.brain.sum())


def _blocks(image: Float | Mask) -> Float:
    z, y, x = (n // 2 for n in image.shape)
    cut = image[: 2 * z, : 2 * y, : 2 * x].astype(np.float32)
    return np.asarray(cut.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5)))

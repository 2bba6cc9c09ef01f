"""What the classifiers see of each voxel: brightness at several scales, asymmetry, place, and the lesion so far."""

from collections.abc import Sequence

import numpy as np

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.grid import MM
from idh_tasks.imaging.proposal.hemisphere import Mirror, asymmetry, off_midline
from idh_tasks.imaging.proposal.intensities import OUTSIDE, Intensities, smooth
from idh_tasks.imaging.proposal.morphology import closed, depth_mm, distance_mm, filled, main_part

SCALES = (1, 2, 4)
"""Widths of the Gaussians in voxels; the context of the probability has one more."""
GAP_MM = 6.0
"""The rim around a cavity may have gaps of up to twice this width."""


def appearance(seen: Intensities, mirror: Mirror) -> Float:
    """Return features of shape (voxels of the brain, 25): seven per image, fluid, depth, midline, T1c missing."""
    brain = seen.brain
    images = [feature for score in _present(seen) for feature in _of_image(score, brain, mirror)]
    missing = [_constant(0.0, brain)] * 7 if seen.t1c is None else []
    depth: Float = (np.minimum(depth_mm(brain), 40) / 20).astype(np.float32)
    place = [depth, off_midline(mirror, brain.shape)]
    return _columns([*images, *missing, seen.fluid, *place, _constant(seen.t1c is None, brain)], brain)


def context(probability: Float, seen: Intensities, mirror: Mirror) -> Float:
    """Return features of shape (voxels of the brain, 16): probability around and opposite, the main part, its look."""
    brain = seen.brain
    main = main_part(probability > 0.5, probability)
    main = main if main.any() else probability >= probability.max()
    around = [smooth(probability, brain, width) for width in (*SCALES, 8)]
    opposite = [mirror(around[1]), np.clip(mirror(probability), 0, 1)]
    distances = [np.arcsinh(distance_mm(main) / 6), np.minimum(depth_mm(main), 20) / 6]
    wall = closed(main, GAP_MM)
    parts = [probability, *around, *opposite, *distances, wall, filled(wall), *_look(main, seen)]
    return _columns([*parts, _constant(np.log(main.sum() * MM**3 / 1000 + 0.5), brain)], brain)


def on_grid(values: Float | Mask, brain: Mask) -> Float:
    """Return an image with the values of the brain's voxels, zero outside."""
    image = np.zeros(brain.shape, dtype=np.float32)
    image[brain] = values
    return image


def _present(seen: Intensities) -> list[Float]:
    return [score for score in (seen.flair, seen.t2, seen.t1c) if score is not None]


def _of_image(score: Float, brain: Mask, mirror: Mirror) -> list[Float]:
    score = np.where(brain, np.clip(score, -6, 15), 0)
    blurred = [smooth(score, brain, width) for width in SCALES]
    above, below = asymmetry(np.where(brain, score, OUTSIDE), brain, mirror)
    return [_compressed(x) for x in (score, *blurred, above, below, blurred[1] - mirror(blurred[1]))]


def _look(main: Mask, seen: Intensities) -> list[Float]:
    """Return the level of the main part in each image, and FLAIR relative to its level."""
    levels = [float(np.median(score[main])) for score in _present(seen)]
    relative = np.clip(seen.flair / max(abs(levels[0]), 1.0), -2, 3)
    constant = [_compressed(_constant(level, main)) for level in levels]
    return [constant[0], relative, *constant[1:], *([_constant(0.0, main)] if seen.t1c is None else [])]


def _compressed(score: Float) -> Float:
    return np.asarray(np.arcsinh(np.clip(score, -6, 15) / 2), dtype=np.float32)


def _constant(value: float, mask: Mask) -> Float:
    return np.full(mask.shape, value, dtype=np.float32)


def _columns(images: Sequence[Float | Mask], brain: Mask) -> Float:
    return np.stack([image[brain] for image in images], axis=1).astype(np.float32)

"""Measures a head as the proposal does, and chooses voxels to learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.features import appearance, on_grid
from idh_tasks.imaging.proposal.grid import MM, WorkingGrid
from idh_tasks.imaging.proposal.hemisphere import Mirror, find_mirror
from idh_tasks.imaging.proposal.intensities import Intensities, measure
from tools.outline_training.heads import Head

PER_GROUP = 1500
FEWEST = 2000
"""A smaller tumour weighs less than a larger one."""
HARD_WEIGHT, EASY_WEIGHT = 0.7, 0.25
"""Weight of a voxel of healthy tissue that is near, bright or fluid, and of another, relative to one of the tumour."""


@dataclass(frozen=True)
class Case:
    """A measured head and the patient from whom it comes; features and tumour by voxel of the brain."""

    patient: str
    seen: Intensities
    mirror: Mirror
    features: Float
    tumour: Mask


def measured(head: Head) -> Case:
    """Return the head as the proposal sees it."""
    grid = WorkingGrid.around(head.brain, (MM,) * 3)
    images = {name: grid.coarse(image) for name, image in head.images.items()}
    brain = np.asarray(ndimage.binary_fill_holes(grid.coarse(head.brain.astype(np.float32)) > 0.5))
    seen = measure(images["t2"], images["flair"], images.get("t1ce"), brain)
    mirror = find_mirror(seen)
    tumour = grid.coarse(head.tumour.astype(np.float32))[brain] > 0.5
    return Case(head.patient, seen, mirror, appearance(seen, mirror).astype(np.float16), tumour)


def choose(case: Case, rng: Generator) -> tuple[NDArray[np.int64], Float]:
    """Return voxels of the tumour, of healthy tissue that is easily confused, and of other tissue, with weights."""
    brain = case.seen.brain
    near = ndimage.binary_dilation(on_grid(case.tumour, brain) > 0, iterations=4) if case.tumour.any() else ~brain
    hard = (near | (case.seen.flair > 2) | case.seen.fluid)[brain] & ~case.tumour
    groups = (case.tumour, PER_GROUP, 1.0), (hard, PER_GROUP, HARD_WEIGHT), (
        ~hard & ~case.tumour, PER_GROUP // 2, EASY_WEIGHT,
    )  # fmt: skip
    size = max(int(case.tumour.sum()), FEWEST)
    voxels, weights = [], []
    for mask, most, weight in groups:
        members = np.flatnonzero(mask)
        picked = rng.choice(members, min(most, members.size), replace=False)
        voxels.append(picked)
        weights.append(np.full(picked.size, members.size / max(picked.size, 1) / size * weight))
    return np.concatenate(voxels), np.concatenate(weights)

"""Finds the foci of a lesion, and its edge by a random walker with priors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import cg

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.grid import MM
from idh_tasks.imaging.proposal.hemisphere import Mirror, brightest_counterpart, off_midline
from idh_tasks.imaging.proposal.intensities import Intensities, smooth
from idh_tasks.imaging.proposal.morphology import depth_mm, distance_mm, opened, sums

SEED, CANDIDATE, LEAST = 2.5, 2.0, 1.3
"""Scores of a seed, of a candidate for the main focus, and the least of any focus."""
RIM_MM = 3.0
"""Foci lie deeper than this below the edge of the brain mask, where it may contain other tissue."""
FOCUS = 0.5
"""A focus is brighter than this fraction of the level of the main focus."""
OTHER_FOCUS = 0.2
"""Another focus has at least this fraction of the seeds of the main focus."""
SMALLEST_ML = 1.0
EXPLAINED = 0.35
"""The part of a bright score, beyond that of cortex, that a bright counterpart explains when the edge is sought."""
EDGE, LEAST_EDGE = 0.27, 1.0
"""A blurred edge of the lesion lies at this fraction of its level; healthy tissue reaches the least score."""
SOFTNESS = 0.12
"""Width of the logistic prior in fractions of the level."""
DECAY_MM = 10.0
"""The score that is needed doubles this far away from the foci."""
T2_DARK = -1.5
SMOOTHNESS, LEAST_WEIGHT = 1.0, 0.02


@dataclass(frozen=True)
class Foci:
    """The foci of a lesion, and its level: the typical score of the main one."""

    mask: Mask
    level: float


def find_foci(seen: Intensities, mirror: Mirror) -> Foci | None:
    """Return the connected regions that stand out most from the brain and from the other hemisphere."""
    scores = np.clip(smooth(seen.flair, seen.brain, 0.8), -6, 12)
    counterpart = np.clip(brightest_counterpart(seen.flair, mirror), 0, None)
    # Near the midline the counterpart belongs to the same lesion and explains less.
    share = np.maximum(off_midline(mirror, scores.shape), 0.7)
    excess = scores - share * np.clip(np.minimum(scores, counterpart), 0, None)
    allowed = seen.brain & (depth_mm(seen.brain) > RIM_MM) & (seen.t2 > -0.5)
    labels, mass = _regions(scores, excess, allowed, CANDIDATE, SEED)
    if not mass.any():
        return None
    level = float(np.median(scores[labels == mass.argmax()]))
    labels, mass = _regions(scores, excess, allowed, max(LEAST, FOCUS * level), max(SEED, FOCUS * level))
    mask = (mass >= OTHER_FOCUS * max(mass.max(), 1e-6))[labels]
    return Foci(mask, level) if mask.sum() * MM**3 / 1000 >= SMALLEST_ML else None


def lesion_probability(foci: Foci, seen: Intensities, mirror: Mirror) -> Float:
    """Solve for the probability of the lesion, smooth where FLAIR is (Grady, CVPR 2005: random walker with priors)."""
    counterpart = brightest_counterpart(seen.flair, mirror)
    explained = np.clip(np.minimum(seen.flair, counterpart) - 1, 0, None) * off_midline(mirror, seen.flair.shape)
    needed = max(LEAST_EDGE, EDGE * foci.level) * (1 + distance_mm(foci.mask) / DECAY_MM)
    logit = (seen.flair - EXPLAINED * explained - needed) / (SOFTNESS * foci.level)
    prior = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    prior[~seen.brain | (seen.t2 < T2_DARK)] = 0
    return _walked(prior, np.clip(seen.flair, -4, 8), seen.brain, 0.15 * foci.level + 0.3)


def attached(mask: Mask, foci: Foci) -> Mask:
    """Cut narrow bridges, and keep what contains a focus."""
    labels, _ = ndimage.label(opened(mask))
    return np.asarray((sums(labels, foci.mask) > 0)[labels])


def _regions(
    scores: Float, excess: Float, allowed: Mask, least: float, seed: float
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Label the regions above a score, and sum the excess over the seeds in each of them."""
    labels, _ = ndimage.label(opened(allowed & (scores > least)))
    return labels, sums(labels, np.where(excess > seed, excess, 0))


def _walked(prior: Float, image: Float, brain: Mask, contrast: float) -> Float:
    """Solve (1 + λL) x = prior, where L is the Laplacian of the grid with weights exp(−Δ²/2σ²)."""
    first, second = _neighbours(brain)
    values = image[brain]
    weight = np.exp(-(((values[first] - values[second]) / contrast) ** 2) / 2) + LEAST_WEIGHT
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    weights = sparse.coo_matrix((np.tile(weight, 2), ends), shape=(values.size, values.size)).tocsr()
    diagonal = 1 + SMOOTHNESS * np.asarray(weights.sum(axis=1)).ravel()
    system = sparse.diags(diagonal) - SMOOTHNESS * weights
    start = prior[brain].astype(np.float64)
    solved, _ = cg(system, start, x0=start, rtol=1e-4, maxiter=100, M=sparse.diags(1 / diagonal))
    result = np.zeros(brain.shape, dtype=np.float32)
    result[brain] = solved
    return result


def _neighbours(brain: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the voxels at both ends of every edge between neighbours inside the brain."""
    number = np.full(brain.shape, -1, dtype=np.int64)
    number[brain] = np.arange(int(brain.sum()))
    pairs = []
    for axis in range(3):
        line = np.moveaxis(number, axis, 0)
        low, high = line[:-1].ravel(), line[1:].ravel()
        inside = (low >= 0) & (high >= 0)
        pairs.append((low[inside], high[inside]))
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

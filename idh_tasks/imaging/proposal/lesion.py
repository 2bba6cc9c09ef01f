"""Finds the probability of the lesion in each voxel, and its parts."""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.classifier import Classifier
from idh_tasks.imaging.proposal.features import appearance, context, on_grid
from idh_tasks.imaging.proposal.hemisphere import Mirror
from idh_tasks.imaging.proposal.intensities import Intensities, smooth
from idh_tasks.imaging.proposal.morphology import depth_mm, distance_mm, masses

EDGE = 0.4
"""Least probability inside the outline; experts draw generously (chosen on patients left out of the training)."""
SHELL_MM = 5.0
"""The edge is moved by FLAIR within this distance."""
HEIGHT, SOFTNESS, LEAST_LEVEL = 0.4, 0.15, 2.0
"""A blurred edge lies at this fraction of the level of the lesion; width of the logistic around it; least level."""
SMOOTH = 0.5
"""Width of the Gaussian over the probability, in voxels."""
OTHER_PART = 0.15
"""Another part counts if it has this fraction of the mass of the main one."""


def lesion_probability(seen: Intensities, mirror: Mirror, classifiers: tuple[Classifier, ...]) -> Float:
    """Classify by appearance, then again with the context of the first answer (Tu and Bai, TPAMI 2010)."""
    by_appearance, in_context = classifiers
    features = appearance(seen, mirror)
    first = on_grid(by_appearance.probability(features), seen.brain)
    both = np.concatenate([features, context(first, seen, mirror)], axis=1)
    return smooth(on_grid(in_context.probability(both), seen.brain), seen.brain, SMOOTH)


def at_the_edge(lesion: Mask, probability: Float, seen: Intensities) -> Mask:
    """Move the edge to where FLAIR falls to a fraction of the level of the lesion, weighed against the probability."""
    if not lesion.any():
        return lesion
    level = max(float(np.median(seen.flair[lesion])), LEAST_LEVEL)
    known = np.clip(probability, 1e-3, 1 - 1e-3)
    logit = np.log(known / (1 - known)) - np.log(EDGE / (1 - EDGE))
    shell = np.maximum(distance_mm(lesion), depth_mm(lesion)) <= SHELL_MM
    return np.asarray(np.where(shell, logit + (seen.flair / level - HEIGHT) / SOFTNESS > 0, lesion) & seen.brain)


def lesion_parts(lesion: Mask, probability: Float) -> Mask:
    """Return the parts of the lesion that are not small beside the main one, without holes."""
    labels, mass = masses(lesion, probability)
    parts = (mass >= OTHER_PART * max(mass.max(), 1e-6))[labels] & (labels > 0)
    return np.asarray(ndimage.binary_fill_holes(parts))

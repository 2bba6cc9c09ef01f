"""Finds the probability of the lesion in each voxel, and its parts."""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.classifier import Classifiers, answers
from idh_tasks.imaging.proposal.features import appearance, context, on_grid
from idh_tasks.imaging.proposal.hemisphere import Mirror
from idh_tasks.imaging.proposal.intensities import Intensities, smooth
from idh_tasks.imaging.proposal.morphology import CROSS, depth_mm, distance_mm, masses

EDGE = 0.4
"""Least probability inside the outline; experts draw generously (chosen on patients left out of the training)."""
SHELL_MM = 5.0
"""The edge is moved by FLAIR within this distance."""
HEIGHT, SOFTNESS, LEAST_LEVEL = 0.4, 0.15, 2.0
"""A blurred edge lies at this fraction of the level of the lesion; width of the logistic around it; least level."""
SMOOTH = 0.5
"""Width of the Gaussian over the probability, in voxels."""
ENCLOSED = 0.6
"""Fluid belongs to the lesion if this fraction of its surface lies in it."""
OTHER_PART = 0.15
"""Another part counts if it has this fraction of the mass of the main one."""


def lesion_probabilities(seen: Intensities, mirror: Mirror, classifiers: Classifiers) -> Float:
    """Classify by appearance, then again with the context of the first answer (Tu and Bai, TPAMI 2010).

    Returns
    -------
    Float
        The probability of the lesion by each member of the second ensemble, of shape (members, z, y, x).
    """
    features = appearance(seen, mirror)
    first = on_grid(answers(classifiers.by_appearance, features).mean(axis=0), seen.brain)
    both = np.concatenate([features, context(first, seen, mirror)], axis=1)
    second = answers(classifiers.in_context, both)
    return np.stack([smooth(on_grid(answer, seen.brain), seen.brain, SMOOTH) for answer in second])


def lesion(probability: Float, seen: Intensities) -> Mask:
    """Return the outline of the lesion."""
    certain = lesion_parts(with_cavities(probability > EDGE, seen.fluid), probability)
    return lesion_parts(with_cavities(at_the_edge(certain, probability, seen), seen.fluid), probability)


def with_cavities(marked: Mask, fluid: Mask) -> Mask:
    """Add each body of fluid, a cyst or necrosis, of whose surface most lies in the lesion."""
    labels, count = ndimage.label(ndimage.binary_opening(fluid & ~marked, CROSS))
    around = ndimage.maximum_filter(labels, footprint=CROSS)
    shell = (around > 0) & (labels == 0)
    in_lesion = np.bincount(around[shell & marked], minlength=count + 1)
    share = in_lesion / np.maximum(np.bincount(around[shell], minlength=count + 1), 1)
    return np.asarray(marked | ((share > ENCLOSED)[labels] & (labels > 0)))


def at_the_edge(marked: Mask, probability: Float, seen: Intensities) -> Mask:
    """Move the edge to where FLAIR falls to a fraction of the level of the lesion, weighed against the probability.

    Fluid, of which FLAIR says nothing, stays as it is.
    """
    solid = marked & ~seen.fluid
    if not solid.any():
        return marked
    level = max(float(np.median(seen.flair[solid])), LEAST_LEVEL)
    known = np.clip(probability, 1e-3, 1 - 1e-3)
    logit = np.log(known / (1 - known)) - np.log(EDGE / (1 - EDGE))
    shell = (np.maximum(distance_mm(marked), depth_mm(marked)) <= SHELL_MM) & ~(marked & seen.fluid)
    return np.asarray(np.where(shell, logit + (seen.flair / level - HEIGHT) / SOFTNESS > 0, marked) & seen.brain)


def lesion_parts(marked: Mask, probability: Float) -> Mask:
    """Return the parts of the lesion that are not small beside the main one, without holes."""
    labels, mass = masses(marked, probability)
    parts = (mass >= OTHER_PART * max(mass.max(), 1e-6))[labels] & (labels > 0)
    return np.asarray(ndimage.binary_fill_holes(parts))

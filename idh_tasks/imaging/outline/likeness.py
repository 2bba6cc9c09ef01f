"""How far each voxel around an outline looks like those inside it, and how well that separates inside from outside."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.outline.vicinity import Vicinity

INSIDE_MM = (-np.inf, -1.0)
AROUND_MM = (2.0, 12.0)
"""Tissue at these distances from the edge is compared: the edge itself is uncertain."""
LEAST_VOXELS = 20
FLUID, BRIGHT = 2.0, 1.0
"""Fluid differs from what is around by more than so many standard deviations on T2 and FLAIR; solid tumour is brighter
on FLAIR by more than so many."""
FLUID_SHARE, LEAST_BRIGHT = 0.5, 0.05
"""An outline that is fluid for more than this, and brighter on FLAIR for less than that, contains no tumour."""
LARGEST_SCORE = 6.0
LARGEST_LIKENESS = 1.5
MAD_TO_SD = 1.4826
TINY = 1e-30


def likeness(near: Vicinity) -> Float | None:
    """Return a value per voxel: about 1 where it looks like the inside, about −1 where like what is around.

    It is the quadratic function of the images that least squares fit to ±1, so that a cyst, bright on T2 and dark on
    FLAIR, and the solid tumour around it both count as inside.

    Returns
    -------
    Float or None
        None if there is too little tissue inside or around.
    """
    inside, around = near.within(*INSIDE_MM), near.within(*AROUND_MM)
    if min(inside.sum(), around.sum()) < LEAST_VOXELS:
        return None
    terms = _quadratic([_scores(image, image[around]) for image in near.images])
    counts = [int(inside.sum()), int(around.sum())]
    samples, wanted = np.concatenate([terms[inside], terms[around]]), np.repeat([1.0, -1.0], counts)
    weights = np.sqrt(np.repeat([1 / count for count in counts], counts))
    factors = np.linalg.lstsq(samples * weights[:, None], wanted * weights, rcond=None)[0]
    return np.asarray(np.clip(terms @ factors, -LARGEST_LIKENESS, LARGEST_LIKENESS), dtype=np.float32)


def contrast(near: Vicinity, alike: Float) -> float:
    """Return the probability that a voxel inside looks more like the inside than one around (area under the ROC)."""
    inside, around = alike[near.within(*INSIDE_MM)], alike[near.within(*AROUND_MM)]
    ranks = stats.rankdata(np.concatenate([inside, around]))[: len(inside)]
    return float((ranks.mean() - (len(inside) + 1) / 2) / len(around))


def is_fluid(near: Vicinity) -> bool:
    """Return whether an outline holds fluid, bright on T2 and dark on FLAIR, and nothing solid, as a ventricle does."""
    inside, around = near.outline & near.tissue, near.within(*AROUND_MM)
    if len(near.images) < 2:
        return False
    t2, flair = (_scores(image, image[around])[inside] for image in near.images)
    fluid, bright = ((t2 > FLUID) & (flair < -FLUID)).mean(), (flair > BRIGHT).mean()
    return bool(fluid > FLUID_SHARE and bright < LEAST_BRIGHT)


def _scores(image: Float, reference: NDArray[np.floating]) -> Float:
    centre = float(np.median(reference))
    spread = MAD_TO_SD * float(np.median(np.abs(reference - centre)))
    return np.asarray(np.clip((image - centre) / max(spread, TINY), -LARGEST_SCORE, LARGEST_SCORE))


def _quadratic(scores: list[Float]) -> NDArray[np.float64]:
    """Return a constant, the images, their squares and their product as the last axis."""
    products = [one * other for index, one in enumerate(scores) for other in scores[index:]]
    return np.stack([np.ones_like(scores[0]), *scores, *products], axis=-1).astype(np.float64)

"""Compares a delivered outline with what T2 and FLAIR show where it lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Triple

SHELL_MM = (2.0, 10.0)
"""What surrounds an outline: tissue between these distances from it, since its edge is uncertain."""
CONTRAST_FLOOR = 0.75
"""Mean contrast of T2 and FLAIR from which an outline needs no second look; chance has 0.5."""
T2_FLOOR = 0.65
"""The same if there is only a T2, on which an outline stands out less."""
OVERLAP_FLOOR = 0.6
"""Overlap with the automatic proposal (Dice) that confirms an outline of low contrast."""
FLUID = 2.0
"""Fluid differs so many standard deviations from what surrounds an outline."""
SOLID_FLOOR = 0.1
"""Least share of an outline that is no fluid; less of it is its blurred edge."""
MAX_SAMPLE = 20_000
LEAST_VOXELS = 20
TINY = 1e-30


@dataclass(frozen=True)
class Agreement:
    """The contrast of an outline, its overlap with a proposal where that was needed, and the flag that they raise."""

    figures: dict[str, float]
    flags: tuple[Code, ...] = ()

    @property
    def notes(self) -> str:
        """Return the figures and flags in words, for the quality sheet."""
        figures = (f"{name.replace('_', ' ')} {value:.2f}" for name, value in self.figures.items())
        return ", ".join([*figures, *self.flags])


def agreement(
    outline: Mask, images: Sequence[Float], brain: Mask, spacing_mm: Triple, propose: Callable[[], Mask | None]
) -> Agreement:
    """Return whether an outline stands out from its surroundings or else agrees with a proposed one.

    Parameters
    ----------
    images
        T2 and, where present, FLAIR on the grid of the outline.
    brain
        Voxels of the brain that all of these images cover.
    propose
        Makes the proposal, which takes seconds; None if nothing can be proposed.
    """
    contrast = _contrast(outline, images, brain, spacing_mm)
    if contrast is None:
        return Agreement({})
    figures = {"outline_contrast": contrast}
    if contrast >= (CONTRAST_FLOOR if len(images) > 1 else T2_FLOOR):
        return Agreement(figures)
    if len(images) > 1:
        figures["outline_overlap"] = _overlap(outline, propose())
    confirmed = figures.get("outline_overlap", 0.0) >= OVERLAP_FLOOR
    return Agreement(figures, () if confirmed else (Code.W_ROI_DOUBTFUL,))


def _contrast(outline: Mask, images: Sequence[Float], brain: Mask, spacing_mm: Triple) -> float | None:
    """Return the probability that a voxel inside is brighter than one around it (area under the ROC curve)."""
    reach = [int(np.ceil(SHELL_MM[1] / spacing)) + 1 for spacing in reversed(spacing_mm)]
    found = ndimage.find_objects(outline.astype(np.int8))[0]
    box = tuple(slice(max(0, one.start - by), one.stop + by) for one, by in zip(found, reach, strict=True))
    distance_mm = ndimage.distance_transform_edt(~outline[box], sampling=spacing_mm[::-1])
    inside = outline[box] & brain[box]
    around = (distance_mm > SHELL_MM[0]) & (distance_mm <= SHELL_MM[1]) & brain[box]
    if min(inside.sum(), around.sum()) < LEAST_VOXELS:
        return None
    shown = [image[box] for image in images]
    fluid = _fluid(shown, around)
    inside, around = (part & ~fluid if _mostly_solid(part, fluid) else part for part in (inside, around))
    return float(np.mean([_brighter(_sample(image[inside]), _sample(image[around])) for image in shown]))


def _fluid(images: Sequence[Float], around: Mask) -> Mask:
    """Return what is bright on T2 and dark on FLAIR: cysts and cerebrospinal fluid, which have no common contrast."""
    if len(images) < 2:
        return np.zeros_like(around)
    t2, flair = (_scores(image, around) for image in images)
    return np.asarray((t2 > FLUID) & (flair < -FLUID))


def _scores(image: Float, around: Mask) -> Float:
    values = image[around]
    centre = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - centre)))
    return np.asarray((image - centre) / max(spread, TINY))


def _mostly_solid(part: Mask, fluid: Mask) -> bool:
    return float((part & ~fluid).sum()) >= max(LEAST_VOXELS, SOLID_FLOOR * float(part.sum()))


def _brighter(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    ranks = stats.rankdata(np.concatenate([first, second]))[: len(first)]
    return float((ranks.mean() - (len(first) + 1) / 2) / len(second))


def _sample(values: NDArray[np.floating]) -> NDArray[np.floating]:
    return values[:: len(values) // MAX_SAMPLE + 1]


def _overlap(outline: Mask, proposed: Mask | None) -> float:
    if proposed is None:
        return 0.0
    return 2 * float((outline & proposed).sum()) / float(outline.sum() + proposed.sum())

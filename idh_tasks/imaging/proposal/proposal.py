"""Proposes a whole-tumour outline and says how far it can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal.classifier import Classifier, trained
from idh_tasks.imaging.proposal.grid import WorkingGrid
from idh_tasks.imaging.proposal.hemisphere import Mirror, find_mirror, from_midline_mm
from idh_tasks.imaging.proposal.intensities import measure
from idh_tasks.imaging.proposal.lesion import EDGE, at_the_edge, lesion_parts, lesion_probability

PLAUSIBLE_ML = (1.0, 400.0)
PROPOSED, CERTAIN = 0.55, 0.84
"""Least expected overlap with the true outline (Dice) of any proposal, and of a certain one."""
NEAR_MIDLINE_MM = 6.0
CROSSED = 0.15
"""A lesion is in both hemispheres if this fraction of it lies beyond the midline."""
LEAST = 0.1
"""Voxels with a lower probability do not count as possibly missed."""


@dataclass(frozen=True)
class ProposalImages:
    """T2, FLAIR and, where present, a T1 after contrast, all on one grid of shape (z, y, x)."""

    t2: Float
    flair: Float
    t1c: Float | None = None


@dataclass(frozen=True)
class Proposal:
    """A proposed outline.

    Attributes
    ----------
    figures
        For the record: `outline_confidence`, which is the Dice coefficient with the true outline that is expected if
        the probabilities of the voxels are right, `outline_parts` and `other_hemisphere`, the fraction in it.
    doubts
        Why the reviewer must look with special care.
    """

    mask: Mask
    figures: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def propose_tumour(
    images: ProposalImages,
    brain: Mask,
    spacing_mm: tuple[float, float, float],
    classifiers: tuple[Classifier, ...] | None = None,
) -> Proposal:
    """Segment tumour and oedema by small classifiers of voxels: brightness, asymmetry and surroundings.

    Parameters
    ----------
    brain
        Voxels that may be marked. Slices are axial; the head may be turned by some 20 degrees.
    spacing_mm
        Of columns, rows, slices.
    classifiers
        Those of the package by default.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_ROI`` if no region of plausible size stands out.
    """
    if not brain.any():
        raise _no_outline()
    grid = WorkingGrid.around(brain, spacing_mm)
    t1c = None if images.t1c is None else grid.coarse(images.t1c)
    inside = np.asarray(ndimage.binary_fill_holes(grid.coarse(brain.astype(np.float32)) > 0.5))
    seen = measure(grid.coarse(images.t2), grid.coarse(images.flair), t1c, inside)
    mirror = find_mirror(seen)
    probability = lesion_probability(seen, mirror, classifiers or trained())
    moved = at_the_edge(lesion_parts(probability > EDGE, probability), probability, seen)
    coarse = lesion_parts(moved, probability)
    mask = np.asarray((grid.fine(coarse.astype(np.float32)) > 0.5) & brain)
    volume_ml = float(mask.sum() * np.prod(spacing_mm)) / 1000
    figures = _figures(coarse, probability, mirror)
    if not PLAUSIBLE_ML[0] <= volume_ml <= PLAUSIBLE_ML[1] or figures["outline_confidence"] < PROPOSED:
        raise _no_outline()
    return Proposal(mask, figures, _doubts(figures))


def _figures(mask: Mask, probability: Float, mirror: Mirror) -> dict[str, float]:
    possible = float(probability[mask | (probability > LEAST)].sum())
    overlap = 2 * float(probability[mask].sum()) / max(float(mask.sum()) + possible, 1.0)
    side_mm = from_midline_mm(mirror, mask.shape)[mask]
    sides = int((side_mm < -NEAR_MIDLINE_MM).sum()), int((side_mm > NEAR_MIDLINE_MM).sum())
    return {
        "outline_confidence": round(overlap, 3),
        "outline_parts": float(ndimage.label(mask)[1]),
        "other_hemisphere": round(min(sides) / max(sum(sides), 1), 3),
    }


def _doubts(figures: Mapping[str, float]) -> tuple[str, ...]:
    confidence, parts = figures["outline_confidence"], figures["outline_parts"]
    cases = {
        f"its edge is uncertain ({confidence:.2f})": confidence < CERTAIN,
        f"it has {parts:.0f} parts": parts > 1,
        "it reaches into the other hemisphere": figures["other_hemisphere"] > CROSSED,
    }
    return tuple(text for text, applies in cases.items() if applies)


def _no_outline() -> SeriesRejectedError:
    return SeriesRejectedError(
        Code.E_NO_ROI, "no tumour outline was delivered with the study, and none could be proposed"
    )

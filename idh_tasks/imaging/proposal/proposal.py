"""Proposes a whole-tumour outline and says how far it can be trusted."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal.core import with_core
from idh_tasks.imaging.proposal.grid import MM, WorkingGrid
from idh_tasks.imaging.proposal.hemisphere import Mirror, find_mirror
from idh_tasks.imaging.proposal.intensities import Intensities, measure
from idh_tasks.imaging.proposal.lesion import Foci, attached, find_foci, lesion_probability
from idh_tasks.imaging.proposal.morphology import distance_mm, sums

PLAUSIBLE_ML = (1.0, 400.0)
STRICT, LAX = 0.75, 0.25
"""Probabilities at which a smaller and a larger outline are drawn; if they differ much, the edge is uncertain."""
CERTAIN = 0.75
"""Least overlap of the smaller and the larger outline (Dice) of a certain proposal."""
CRUMB = 0.05
"""Parts smaller than this fraction of the largest one are left out."""


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
    confidence
        Dice coefficient of the outlines drawn strictly and laxly: 1 if the edge is sharp.
    figures
        Level of the lesion in standard deviations of healthy tissue, and the confidence, for the record.
    """

    mask: Mask
    confidence: float
    figures: dict[str, float]

    @property
    def uncertain(self) -> bool:
        """Return whether the reviewer must look with special care."""
        return self.confidence < CERTAIN


def propose_tumour(images: ProposalImages, brain: Mask, spacing_mm: tuple[float, float, float]) -> Proposal:
    """Segment tumour and oedema: what stands out on FLAIR from healthy tissue and from the other hemisphere.

    Necrosis, cysts, enhancing tumour and blood are added if the lesion encloses them or shares their border.

    Parameters
    ----------
    brain
        Voxels that may be marked. Slices are axial; the head may be turned by some 20 degrees.
    spacing_mm
        Of columns, rows, slices.

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
    foci = find_foci(seen, mirror)
    if foci is None:
        raise _no_outline()
    coarse, confidence = _outline(foci, seen, mirror)
    mask = np.asarray((grid.fine(coarse.astype(np.float32)) > 0.5) & brain)
    volume_ml = float(mask.sum() * np.prod(spacing_mm)) / 1000
    if not PLAUSIBLE_ML[0] <= volume_ml <= PLAUSIBLE_ML[1]:
        raise _no_outline()
    return Proposal(
        mask, confidence, {"outline_confidence": round(confidence, 3), "lesion_level": round(foci.level, 2)}
    )


def _outline(foci: Foci, seen: Intensities, mirror: Mirror) -> tuple[Mask, float]:
    probability = lesion_probability(foci, seen, mirror)
    lesion = attached(probability > 0.5, foci)
    strict, lax = (attached(probability > limit, foci) for limit in (STRICT, LAX))
    confidence = 2 * float((strict & lax).sum()) / max(1.0, float(strict.sum() + lax.sum()))
    whole = with_core(lesion, seen, mirror)
    # The outermost voxels of the brain are mixed with what surrounds it.
    edge = seen.brain & ~ndimage.binary_erosion(seen.brain, iterations=2) & ~seen.fluid & (seen.flair > 0)
    whole = whole | (edge & (distance_mm(whole) <= 1.5 * MM))
    labels, _ = ndimage.label(whole)
    sizes = sums(labels, whole)
    return np.asarray((sizes >= CRUMB * max(sizes.max(), 1.0))[labels]), confidence


def _no_outline() -> SeriesRejectedError:
    return SeriesRejectedError(
        Code.E_NO_ROI, "no tumour outline was delivered with the study, and none could be proposed"
    )

"""Proposes a whole-tumour outline and says how far it can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal.classifier import Classifiers, trained
from idh_tasks.imaging.proposal.grid import WorkingGrid
from idh_tasks.imaging.proposal.hemisphere import Mirror, find_mirror, from_midline_mm
from idh_tasks.imaging.proposal.intensities import measure
from idh_tasks.imaging.proposal.lesion import EDGE, lesion, lesion_probabilities

PLAUSIBLE_ML = (1.0, 400.0)
SLOPE, OFFSET = 1.4, -0.413
"""The overlap (Dice) with the true outline follows the agreement of the ensemble on this line."""
ERROR = 0.1
"""Of the proposals for patients left out of the training, 87 % are within this distance of the line."""
EXPECTED = 0.64
"""Least expected overlap of a proposal: no tumour left out of the training was proposed with less than 0.6."""
CERTAIN = 0.8
"""Least confidence of a proposal without doubt about its edge."""
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
        For the record: `outline_expected_dice`, the expected Dice coefficient with the true outline, within 0.1;
        `outline_agreement`, from which it follows, the mean one with the answers of the members of the ensemble;
        `outline_confidence`, the one that would be expected if the probabilities of the voxels were right;
        `outline_parts`; and `other_hemisphere`, the fraction in it.
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
    classifiers: Classifiers | None = None,
) -> Proposal:
    """Segment tumour and oedema, unless the outline is expected to be poor.

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
        ``E_NO_ROI`` if no region of plausible size stands out, or the outline that is found is
        expected to be poor.
    """
    found = find_tumour(images, brain, spacing_mm, classifiers)
    reason = why_unreliable(found, spacing_mm)
    if reason is not None:
        raise _no_outline(reason)
    return found


def find_tumour(
    images: ProposalImages,
    brain: Mask,
    spacing_mm: tuple[float, float, float],
    classifiers: Classifiers | None = None,
) -> Proposal:
    """Segment by small classifiers of voxels, however poor the outline is; parameters as of `propose_tumour`.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_ROI`` if there is no brain.
    """
    if not brain.any():
        raise _no_outline("there is no brain")
    grid = WorkingGrid.around(brain, spacing_mm)
    t1c = None if images.t1c is None else grid.coarse(images.t1c)
    inside = np.asarray(ndimage.binary_fill_holes(grid.coarse(brain.astype(np.float32)) > 0.5))
    seen = measure(grid.coarse(images.t2), grid.coarse(images.flair), t1c, inside)
    mirror = find_mirror(seen)
    members = lesion_probabilities(seen, mirror, classifiers or trained())
    coarse = lesion(np.asarray(members.mean(axis=0)), seen)
    mask = np.asarray((grid.fine(coarse.astype(np.float32)) > 0.5) & brain)
    figures = _figures(coarse, members, mirror)
    return Proposal(mask, figures, _doubts(figures))


def why_unreliable(found: Proposal, spacing_mm: tuple[float, float, float]) -> str | None:
    """Return why an outline is not proposed, or None if it is."""
    volume_ml, expected = float(found.mask.sum() * np.prod(spacing_mm)) / 1000, found.figures["outline_expected_dice"]
    if not PLAUSIBLE_ML[0] <= volume_ml <= PLAUSIBLE_ML[1]:
        return f"what stands out has {volume_ml:.1f} ml"
    if expected < EXPECTED:
        return f"an overlap (Dice) of {expected:.3f} with the true outline is expected, and {EXPECTED:.3f} is needed"
    return None


def _figures(mask: Mask, members: Float, mirror: Mirror) -> dict[str, float]:
    side_mm = from_midline_mm(mirror, mask.shape)[mask]
    sides = int((side_mm < -NEAR_MIDLINE_MM).sum()), int((side_mm > NEAR_MIDLINE_MM).sum())
    agreement = _agreement(mask, members)
    return {
        "outline_expected_dice": round(float(np.clip(SLOPE * agreement + OFFSET, 0, 1)), 3),
        "outline_agreement": round(agreement, 3),
        "outline_confidence": round(_confidence(mask, members.mean(axis=0)), 3),
        "outline_parts": float(ndimage.label(mask)[1]),
        "other_hemisphere": round(min(sides) / max(sum(sides), 1), 3),
    }


def _confidence(mask: Mask, probability: Float) -> float:
    possible = float(probability[mask | (probability > LEAST)].sum())
    return 2 * float(probability[mask].sum()) / max(float(mask.sum()) + possible, 1.0)


def _agreement(mask: Mask, members: Float) -> float:
    """Return the mean overlap (Dice) of the mask with what each member marks (Roy et al., NeuroImage 2019)."""
    marked = members > EDGE
    shared, sizes = (marked & mask).sum(axis=(1, 2, 3)), marked.sum(axis=(1, 2, 3))
    return float(np.mean(2 * shared / np.maximum(sizes + mask.sum(), 1)))


def _doubts(figures: Mapping[str, float]) -> tuple[str, ...]:
    expected, parts = figures["outline_expected_dice"], figures["outline_parts"]
    low, high = expected - ERROR, min(expected + ERROR, 1)
    cases = {
        f"its edge is uncertain (expected overlap {low:.2f} to {high:.2f})": figures["outline_confidence"] < CERTAIN,
        f"it has {parts:.0f} parts": parts > 1,
        "it reaches into the other hemisphere": figures["other_hemisphere"] > CROSSED,
    }
    return tuple(text for text, applies in cases.items() if applies)


def _no_outline(reason: str) -> SeriesRejectedError:
    return SeriesRejectedError(
        Code.E_NO_ROI, f"no tumour outline was delivered with the study, and none could be proposed: {reason}"
    )

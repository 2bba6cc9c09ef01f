"""Compares a delivered outline with what T2 and FLAIR show where it lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Triple
from idh_tasks.imaging.outline.likeness import contrast, is_fluid, likeness
from idh_tasks.imaging.outline.placement import gain_elsewhere
from idh_tasks.imaging.outline.strays import widening
from idh_tasks.imaging.outline.vicinity import vicinity

CONTRAST_FLOOR = 0.85
"""Contrast of an outline on T2 and FLAIR from which it needs no second look; chance has about 0.6."""
T2_FLOOR = 0.75
"""The same if there is only a T2, on which an outline stands out less."""
OVERLAP_FLOOR = 0.6
"""Overlap with the automatic proposal (Dice) that confirms an outline of low contrast."""
GAIN_LIMIT = 0.035
"""An outline that would stand out by this much more in another place or orientation is not of this image."""
T2_GAIN_LIMIT = 0.15
"""The same if there is only a T2, on which CSF looks like a tumour."""
WIDENING_LIMIT = 1.25
"""Small pieces may enlarge the rectangle of the patch by this factor."""


@dataclass(frozen=True)
class Agreement:
    """How far an outline stands out, its overlap with a proposal where that was needed, and the flag they raise."""

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
    """Return whether an outline stands out from its surroundings, and most where it is, or else agrees with a proposal.

    Small pieces that widen the rectangle of the patch raise the flag as well, with their figure.

    Parameters
    ----------
    images
        T2 and, where present, FLAIR on the grid of the outline.
    brain
        Voxels of the brain that all of these images cover.
    propose
        Makes the proposal, which takes seconds; None if nothing can be proposed.
    """
    found, wider = _with_images(outline, images, brain, spacing_mm, propose), widening(outline)
    if wider <= WIDENING_LIMIT:
        return found
    return Agreement({**found.figures, "outline_widening": wider}, (Code.W_ROI_DOUBTFUL,))


def _with_images(
    outline: Mask, images: Sequence[Float], brain: Mask, spacing_mm: Triple, propose: Callable[[], Mask | None]
) -> Agreement:
    near = vicinity(outline, images, brain, spacing_mm)
    alike = likeness(near)
    if alike is None:
        return Agreement({})
    figures = {"outline_contrast": contrast(near, alike), "outline_gain_elsewhere": gain_elsewhere(near, alike)}
    limit = GAIN_LIMIT if len(images) > 1 else T2_GAIN_LIMIT
    if figures["outline_gain_elsewhere"] > limit or is_fluid(near):
        return Agreement(figures, (Code.W_ROI_DOUBTFUL,))
    if figures["outline_contrast"] >= (CONTRAST_FLOOR if len(images) > 1 else T2_FLOOR):
        return Agreement(figures)
    if len(images) > 1:
        figures["outline_overlap"] = _overlap(outline, propose())
    confirmed = figures.get("outline_overlap", 0.0) >= OVERLAP_FLOOR
    return Agreement(figures, () if confirmed else (Code.W_ROI_DOUBTFUL,))


def _overlap(outline: Mask, proposed: Mask | None) -> float:
    if proposed is None:
        return 0.0
    return 2 * float((outline & proposed).sum()) / float(outline.sum() + proposed.sum())

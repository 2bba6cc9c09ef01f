"""Draws the quality sheet by which a reader can judge the patches of a study."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle as Box

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png
from idh_tasks.reporting.outline_figure import OUTLINE

MARGINS = {"left": 0.01, "right": 0.99, "bottom": 0.01, "top": 0.945, "wspace": 0.04, "hspace": 0.1}
BOX_COLOUR, BRAIN_COLOUR, UNCOVERED_COLOUR = "#5ec8ff", "#7bd88f", "#ff6b6b"
FIELDS = 8
"""Number of fields of the checkerboard along each side."""

Bounds = tuple[int, int, int, int]
"""Top, bottom, left and right of a half-open rectangle."""


@dataclass(frozen=True)
class SheetColumn:
    """What the sheet shows of one sequence.

    Attributes
    ----------
    image, covered
        The image on the chosen slice, and where it has one [rows, columns].
    coverage
        Share of the outline that the image covers.
    """

    image: Float
    covered: Mask
    coverage: float
    patch: Float


@dataclass(frozen=True)
class SheetSlice:
    """The chosen slice of the reference space [rows, columns], with the sequence that defines it.

    Attributes
    ----------
    extractor
        How the brain mask was made.
    notes
        What a reader should know about the outline.
    """

    reference: MrSequence
    extractor: str
    image: Float
    brain: Mask
    tumour: Mask
    box: Bounds
    notes: str = ""


def qc_sheet(chosen: SheetSlice, columns: Mapping[MrSequence, SheetColumn]) -> bytes:
    """Draw one column per sequence; PNG.

    From top to bottom: the image with outline, rectangle, brain mask and the border of its field of view; a
    checkerboard with the reference; the patch.
    """
    figure = Figure(figsize=(2.2 * len(columns), 7.1), facecolor="black")
    grid = figure.subplots(3, len(columns), squeeze=False, gridspec_kw=MARGINS)
    title = f"in the space of {chosen.reference}; brain: {chosen.extractor}{'; ' * bool(chosen.notes)}{chosen.notes}"
    figure.suptitle(title, color="white", fontsize=9, y=0.995)
    for axes, (sequence, shown) in zip(grid.T, columns.items(), strict=True):
        _show(axes[0], shown.image, f"{sequence}, covers {shown.coverage:.0%}")
        _outline(axes[0], chosen.brain, BRAIN_COLOUR)
        _outline(axes[0], ~shown.covered, UNCOVERED_COLOUR)
        _outline(axes[0], chosen.tumour, OUTLINE)
        axes[0].add_patch(_rectangle(chosen.box))
        _show(axes[1], checkerboard(chosen.image, shown.image), f"checkerboard with {chosen.reference}")
        _show(axes[2], shown.patch, f"patch ({shown.patch.shape[0]}×{shown.patch.shape[1]})")
    return png(figure, dpi=90)


def _outline(axes: Axes, mask: Mask, colour: str) -> None:
    if mask.any() and not mask.all():
        axes.contour(mask, levels=[0.5], colors=colour, linewidths=0.9)


def _rectangle(box: Bounds) -> Box:
    top, bottom, left, right = box
    return Box((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=BOX_COLOUR)


def checkerboard(first: Float, second: Float) -> Float:
    """Return a checkerboard of two images, each scaled to grey values from 0 to 1."""
    rows, columns = (np.arange(n) * FIELDS // n for n in first.shape)
    shows_first = (rows[:, None] + columns[None, :]) % 2 == 0
    return np.where(shows_first, _grey(first), _grey(second)).astype(np.float32)


def _grey(image: Float) -> Float:
    low, high = np.percentile(image, (1, 99.5))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1), dtype=np.float32)


def _show(axis: Axes, image: Float, title: str) -> None:
    axis.imshow(_grey(image), cmap="gray", vmin=0, vmax=1)
    axis.set_title(title, color="white", fontsize=8)
    axis.axis("off")

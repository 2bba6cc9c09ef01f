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

MARGINS = {"left": 0.01, "right": 0.99, "bottom": 0.01, "top": 0.96, "wspace": 0.04, "hspace": 0.1}
BOX_COLOUR = "#5ec8ff"
FIELDS = 8
"""Number of fields of the checkerboard along each side."""

Bounds = tuple[int, int, int, int]
"""Top, bottom, left and right of a half-open rectangle."""


@dataclass(frozen=True)
class SheetColumn:
    """What the sheet shows of one sequence: the image on the chosen slice [rows, columns], and the patch."""

    image: Float
    patch: Float


def qc_sheet(mprage: Float, tumour: Mask, box: Bounds, columns: Mapping[MrSequence, SheetColumn]) -> bytes:
    """Draw one column per sequence: image with outline and rectangle, checkerboard with the MPRAGE, and patch; PNG.

    Parameters
    ----------
    mprage, tumour
        On the chosen slice [rows, columns].
    """
    figure = Figure(figsize=(2.2 * len(columns), 6.9), facecolor="black")
    grid = figure.subplots(3, len(columns), squeeze=False, gridspec_kw=MARGINS)
    for axes, (sequence, shown) in zip(grid.T, columns.items(), strict=True):
        _show(axes[0], shown.image, sequence.value)
        axes[0].contour(tumour, levels=[0.5], colors=OUTLINE, linewidths=0.9)
        axes[0].add_patch(_rectangle(box))
        _show(axes[1], checkerboard(mprage, shown.image), "checkerboard with MPRAGE")
        _show(axes[2], shown.patch, f"patch ({shown.patch.shape[0]}×{shown.patch.shape[1]})")
    return png(figure, dpi=90)


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

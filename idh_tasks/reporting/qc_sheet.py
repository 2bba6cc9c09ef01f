"""One sheet a study by which a person can judge its patches."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle as Box

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png
from idh_tasks.reporting.outline_figure import OUTLINE

MARGINS = {"left": 0.01, "right": 0.99, "bottom": 0.01, "top": 0.96, "wspace": 0.04, "hspace": 0.1}
FIELDS = 8
"""Fields of the checkerboard along each side."""


Bounds = tuple[int, int, int, int]
"""Top, bottom, left and right of a rectangle, half open."""


def qc_sheet(mprage: Float, tumour: Mask, box: Bounds, found: Mapping[MrSequence, tuple[Float, Float]]) -> bytes:
    """Draw each sequence on the chosen slice with outline and rectangle, beside MPRAGE by fields, and its patch; PNG.

    Parameters
    ----------
    mprage, tumour
        On the chosen slice [rows, columns].
    found
        Of each sequence the image on that slice and the patch.
    """
    top, bottom, left, right = box
    figure = Figure(figsize=(2.2 * len(found), 6.9), facecolor="black")
    grid = figure.subplots(3, len(found), squeeze=False, gridspec_kw=MARGINS)
    for column, (sequence, (image, patch)) in enumerate(found.items()):
        _show(grid[0, column], image, sequence.value)
        grid[0, column].contour(tumour, levels=[0.5], colors=OUTLINE, linewidths=0.9)
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        grid[0, column].add_patch(Box(corner, *size, fill=False, edgecolor="#5ec8ff"))
        _show(grid[1, column], checkerboard(mprage, image), "with MPRAGE")
        _show(grid[2, column], patch, f"patch {patch.shape[0]}×{patch.shape[1]}")
    return png(figure, dpi=90)


def checkerboard(one: Float, other: Float) -> Float:
    """Return fields of two images by turns, each on its own grey scale from 0 to 1."""
    rows, columns = (np.arange(n) * FIELDS // n for n in one.shape)
    turn = (rows[:, None] + columns[None, :]) % 2 == 0
    return np.where(turn, _grey(one), _grey(other)).astype(np.float32)


def _grey(image: Float) -> Float:
    low, high = np.percentile(image, (1, 99.5))
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1), dtype=np.float32)


def _show(axis: Axes, image: Float, title: str) -> None:
    axis.imshow(_grey(image), cmap="gray", vmin=0, vmax=1)
    axis.set_title(title, color="white", fontsize=8)
    axis.axis("off")

"""Draws the picture by which a reviewer can judge a proposed tumour outline."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.slices import slice_place
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png
from idh_tasks.reporting.sides import mark_sides

OUTLINE = "#ffcc33"
MOST_SLICES = 8
WIDTH_INCHES, DPI = 12.0, 100
"""1,200 pixels: what a screen shows without scaling."""


def outline_picture(mask: Mask, shown_on: Mapping[MrSequence, Float]) -> bytes:
    """Draw an outline on images of the same grid, one column per image; PNG.

    The rows show up to eight slices from the lowest to the highest of the outline, as a radiologist looks at them: the
    patient's right (R) is on the left.
    """
    chosen = slices(mask)
    size = WIDTH_INCHES / len(shown_on)
    figure = Figure(figsize=(WIDTH_INCHES, size * len(chosen)), layout="constrained", facecolor="black")
    grid = figure.subplots(len(chosen), len(shown_on), squeeze=False)
    for row, k in zip(grid, chosen, strict=True):
        for axis, (name, image) in zip(row, shown_on.items(), strict=True):
            _show(axis, image[k], mask[k])
            axis.set_title(f"{name}, {slice_place(k, len(mask), None)}", color="white", fontsize=10)
    return png(figure, dpi=DPI)


def slices(mask: Mask) -> list[int]:
    """Return the indices of up to eight slices, evenly from the first to the last that the outline marks."""
    marked = np.flatnonzero(mask.any(axis=(1, 2)))
    places = np.linspace(0, len(marked) - 1, min(MOST_SLICES, len(marked)))
    return [int(marked[int(place)]) for place in places.round()]


def _show(axis: Axes, image: Float, mask: Mask) -> None:
    low, high = np.percentile(image, (1, 99.5))
    axis.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    if mask.any():
        axis.contour(mask, levels=[0.5], colors=OUTLINE, linewidths=1.2)
    mark_sides(axis)
    axis.axis("off")

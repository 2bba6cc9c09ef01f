"""Draws the picture by which a reviewer can name a series."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from idh_tasks.domain.volume import Float
from idh_tasks.reporting.figures import png

SHOWN = 6
MIDDLE = (0.25, 0.75)
"""The part of a series that is shown: its ends are mostly air and neck."""
PER_ROW = 3
WIDTH_INCHES, ROW_INCHES, DPI = 12.0, 4.1, 100


def chosen(count: int) -> list[int]:
    """Return the indices of six images of a series, evenly over its middle half, or of all if it has no more."""
    if count <= SHOWN:
        return list(range(count))
    low, high = (share * (count - 1) for share in MIDDLE)
    return sorted({round(place) for place in np.linspace(low, high, SHOWN)})


def series_picture(images: Sequence[Float]) -> bytes:
    """Draw images (rows, columns) of a series, each in its own grey values; PNG."""
    columns = min(max(len(images), 1), PER_ROW)
    rows = -(-max(len(images), 1) // columns)
    figure = Figure(figsize=(WIDTH_INCHES, rows * ROW_INCHES), layout="constrained", facecolor="black")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, image in zip(axes, images, strict=False):
        low, high = np.percentile(image, (1, 99.5))
        axis.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    return png(figure, dpi=DPI)

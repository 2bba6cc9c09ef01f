"""Draws the picture by which a reviewer can judge a proposed tumour outline."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png

NAMES = ("T2", "FLAIR", "MPRAGE")
OUTLINE = "#ffcc33"


def outline_picture(mask: Mask, shown_on: Sequence[Float]) -> bytes:
    """Draw an outline on T2, FLAIR and MPRAGE; PNG.

    The rows show the widest slice of the outline, and the slices a quarter of its height below and above it.
    """
    figure = Figure(figsize=(9, 9.6), layout="constrained", facecolor="black")
    for row, k in zip(figure.subplots(3, 3), _slices(mask), strict=True):
        for axis, image, name in zip(row, shown_on, NAMES, strict=True):
            _show(axis, image[k], mask[k])
            axis.set_title(f"{name}, slice {k}", color="white", fontsize=9)
    return png(figure, dpi=80)


def _slices(mask: Mask) -> list[int]:
    marked = np.flatnonzero(mask.any(axis=(1, 2)))
    widest = int(mask.sum(axis=(1, 2)).argmax())
    reach = max(1, len(marked) // 4)
    return [int(np.clip(k, marked[0], marked[-1])) for k in (widest - reach, widest, widest + reach)]


def _show(axis: Axes, image: Float, mask: Mask) -> None:
    low, high = np.percentile(image, (1, 99.5))
    axis.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    if mask.any():
        axis.contour(mask, levels=[0.5], colors=OUTLINE, linewidths=1.2)
    axis.axis("off")

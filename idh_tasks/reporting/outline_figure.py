"""A picture by which a person can judge an outline."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png

NAMES = ("T2", "FLAIR", "MPRAGE")
OUTLINE = "#ffcc33"


def outline_picture(mask: Mask, shown_on: Sequence[Float]) -> bytes:
    """Draw an outline on T2, FLAIR and MPRAGE at its widest slice and a quarter of its height above and below; PNG."""
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    widest = int(mask.sum(axis=(1, 2)).argmax())
    reach = max(1, len(slices) // 4)
    rows = [int(np.clip(k, slices[0], slices[-1])) for k in (widest - reach, widest, widest + reach)]
    figure = Figure(figsize=(9, 9.6), layout="constrained", facecolor="black")
    for row, k in zip(figure.subplots(3, 3), rows, strict=True):
        for axis, image, name in zip(row, shown_on, NAMES, strict=True):
            low, high = np.percentile(image[k], (1, 99.5))
            axis.imshow(image[k], cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
            if mask[k].any():
                axis.contour(mask[k], levels=[0.5], colors=OUTLINE, linewidths=1.2)
            axis.set_title(f"{name}, slice {k}", color="white", fontsize=9)
            axis.axis("off")
    return png(figure, dpi=80)

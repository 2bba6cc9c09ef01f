"""Draws the picture by which a reviewer can judge whether two patients with the same image are one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from idh_tasks.domain.volume import Float
from idh_tasks.reporting.figures import png

WIDTH_INCHES, HEIGHT_INCHES, DPI = 12.0, 6.8, 100
DARKEST, BRIGHTEST = 1.0, 99.5
"""Percentiles of both patches together that become black and white."""


def pair_picture(title: str, labels: Sequence[str], patches: Sequence[Float]) -> bytes:
    """Draw the patches (size, size) of two patients side by side in the same grey values; PNG.

    Parameters
    ----------
    title
        What both show.
    labels
        Whose patch each is; it contains ids of the platform only.
    """
    low, high = np.percentile(np.stack(patches), (DARKEST, BRIGHTEST))
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained", facecolor="black")
    figure.suptitle(title, color="white", fontsize=14)
    for axis, label, patch in zip(figure.subplots(1, len(patches)), labels, patches, strict=True):
        axis.imshow(patch, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
        axis.set_title(label, color="white", fontsize=12)
        axis.axis("off")
    return png(figure, dpi=DPI)

"""Marks the patient's sides on an axial image, where the letters cover nothing of it."""

from matplotlib.axes import Axes

STRIP = 0.09
"""Height of the black strip above the image, relative to the longer side of the image."""
INSET = 0.03
"""Distance of a letter from the left or right edge, relative to the width of the image."""
SIZE_POINTS = 10


def mark_sides(axes: Axes) -> None:
    """Write R on the left and L on the right, in a strip that is added above the image.

    The head may reach every edge of an image, so no place inside it is always free.
    """
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    strip = STRIP * max(bottom - top, (right - left) / float(axes.get_aspect()))
    axes.set_ylim(bottom, top - strip)
    for side, x, edge in (("R", INSET, "left"), ("L", 1 - INSET, "right")):
        axes.text(
            x, top - strip / 2, side, color="white", fontsize=SIZE_POINTS, fontweight="bold", ha=edge, va="center",
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip

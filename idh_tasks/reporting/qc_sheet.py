"""Draws the quality sheet by which a reader can judge the patches of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle as Box

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.reporting.figures import png
from idh_tasks.reporting.outline_figure import OUTLINE
from idh_tasks.reporting.sides import mark_sides

MARGINS = {"left": 0.005, "right": 0.995, "bottom": 0.005, "top": 0.87, "wspace": 0.04, "hspace": 0.1}
COLUMN_INCHES, HEIGHT_INCHES, DPI = 2.2, 7.4, 90
BOX_COLOUR, BRAIN_COLOUR, UNCOVERED_COLOUR = "#5ec8ff", "#7bd88f", "#ff6b6b"
LEGEND = {
    "brain mask": BRAIN_COLOUR,
    "tumour outline": OUTLINE,
    "rectangle of the patch": BOX_COLOUR,
    "edge of what was measured": UNCOVERED_COLOUR,
}
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
    unit
        Of the values of the patch.
    """

    image: Float
    covered: Mask
    coverage: float
    patch: Float
    unit: str


@dataclass(frozen=True)
class SheetSlice:
    """The chosen axial slice (LPS) of the reference space [rows, columns], with the sequence that defines it.

    Attributes
    ----------
    place
        Which slice it is, as `slice_place` says it.
    spacing_mm
        Distance between columns and between rows.
    scale
        How many pixels the patches have, and to what their values are relative.
    brain_origin
        On which image the brain mask was made, and how.
    notes
        What a reader should know about the outline.
    """

    reference: MrSequence
    place: str
    spacing_mm: tuple[float, float]
    scale: str
    brain_origin: str
    image: Float
    brain: Mask
    tumour: Mask
    box: Bounds
    notes: str = ""


def qc_sheet(
    chosen: SheetSlice, columns: Mapping[MrSequence, SheetColumn], refused: Mapping[MrSequence, Code]
) -> bytes:
    """Draw one column per sequence; PNG.

    From top to bottom: the image with outline, rectangle, brain mask and the border of its field of view; a
    checkerboard with the reference; the patch. The column of a sequence without a patch says why.
    """
    shown = [sequence for sequence in MODEL_SEQUENCES if sequence in columns or sequence in refused]
    figure = Figure(figsize=(COLUMN_INCHES * len(MODEL_SEQUENCES), HEIGHT_INCHES), facecolor="black")
    grid = figure.subplots(3, len(shown), squeeze=False, gridspec_kw=MARGINS)
    _headline(figure, chosen)
    for axes, sequence in zip(grid.T, shown, strict=True):
        if sequence in columns:
            _column(axes, sequence, columns[sequence], chosen)
        else:
            _no_patch(axes, sequence, refused[sequence])
    return png(figure, dpi=DPI)


def _headline(figure: Figure, chosen: SheetSlice) -> None:
    space = f"in the space of {chosen.reference.written}, {chosen.place}; {chosen.scale}"
    text = "\n".join(filter(None, (space, f"brain mask {chosen.brain_origin}", chosen.notes)))
    figure.suptitle(text, color="white", fontsize=9, y=0.995)
    lines = [Line2D([], [], color=colour, label=name) for name, colour in LEGEND.items()]
    figure.legend(
        handles=lines, ncols=len(lines), loc="upper center", bbox_to_anchor=(0.5, 0.942), frameon=False,
        labelcolor="white", fontsize=9,
    )  # fmt: skip


def _column(axes: Sequence[Axes], sequence: MrSequence, column: SheetColumn, chosen: SheetSlice) -> None:
    aspect = chosen.spacing_mm[1] / chosen.spacing_mm[0]
    image, reference = (_grey(one, chosen.brain) for one in (column.image, chosen.image))
    _show(axes[0], image, f"{sequence.written}, covers {column.coverage:.0%}", aspect)
    _outline(axes[0], chosen.brain, BRAIN_COLOUR)
    _outline(axes[0], ~column.covered, UNCOVERED_COLOUR)
    _outline(axes[0], chosen.tumour, OUTLINE)
    axes[0].add_patch(_rectangle(chosen.box))
    if sequence is chosen.reference:
        _show(axes[1], reference, "reference", aspect)
    else:
        _show(axes[1], checkerboard(reference, image), f"checkerboard with {chosen.reference.written}", aspect)
    for axis in axes[:2]:
        mark_sides(axis)
    low, high = (round(float(value), 1) + 0.0 for value in (column.patch.min(), column.patch.max()))
    _show(axes[2], _grey(column.patch), f"patch, {low:.1f} to {high:.1f} {column.unit}")


def _no_patch(axes: Sequence[Axes], sequence: MrSequence, code: Code) -> None:
    for axis in axes:
        axis.axis("off")
    axes[0].set_title(sequence.written, color="white", fontsize=9)
    axes[0].text(0.5, 0.5, f"no patch\n{code}", color=UNCOVERED_COLOUR, fontsize=8, ha="center", va="center")


def _outline(axes: Axes, mask: Mask, colour: str) -> None:
    if mask.any() and not mask.all():
        axes.contour(mask, levels=[0.5], colors=colour, linewidths=0.9)


def _rectangle(box: Bounds) -> Box:
    top, bottom, left, right = box
    return Box((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=BOX_COLOUR)


def checkerboard(first: Float, second: Float) -> Float:
    """Return a checkerboard of two images of equal shape."""
    rows, columns = (np.arange(n) * FIELDS // n for n in first.shape)
    shows_first = (rows[:, None] + columns[None, :]) % 2 == 0
    return np.where(shows_first, first, second)


def _grey(image: Float, inside: Mask | None = None) -> Float:
    """Scale to grey values from 0 to 1, of which 1 is the brightest in a mask: scalp and vessels are much brighter."""
    low, high = np.percentile(image, (1, 99.5))
    if inside is not None and inside.any():
        high = np.percentile(image[inside], 99.5)
    return np.asarray(np.clip((image - low) / max(float(high - low), 1e-6), 0, 1), dtype=np.float32)


def _show(axis: Axes, image: Float, title: str, aspect: float = 1.0) -> None:
    axis.imshow(image, cmap="gray", vmin=0, vmax=1, aspect=aspect)
    axis.set_title(title, color="white", fontsize=9)
    axis.axis("off")

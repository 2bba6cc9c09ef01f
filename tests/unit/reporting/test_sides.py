"""The letters of the sides stand inside the frame of a picture, and cover nothing of the image."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from idh_tasks.reporting.sides import mark_sides

SHAPES = [(64, 64, 1.0), (96, 60, 1.0), (60, 96, 1.0), (64, 64, 0.6), (64, 64, 1.7)]
"""Rows, columns and height of a pixel relative to its width."""


@pytest.fixture(params=SHAPES, ids=lambda shape: "×".join(map(str, shape)))
def drawn(request: pytest.FixtureRequest) -> Axes:
    """Return a marked image that is white up to every edge, as small as on a quality sheet."""
    rows, columns, aspect = request.param
    figure = Figure(figsize=(2.2, 2.2), dpi=90, facecolor="black")
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    axes.imshow(np.ones((rows, columns)), cmap="gray", vmin=0, vmax=1, aspect=aspect)
    axes.axis("off")
    mark_sides(axes)
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
    return axes


def pixels(axes: Axes) -> np.ndarray:
    """Return the red channel of the picture, from the bottom as boxes are counted."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    assert isinstance(figure.canvas, FigureCanvasAgg)
    return np.asarray(figure.canvas.buffer_rgba())[::-1, :, 0]  # type: ignore[no-untyped-call]


def test_the_letters_are_inside_the_frame_with_a_margin(drawn: Axes) -> None:
    frame = drawn.get_window_extent()
    right, left = (text.get_window_extent() for text in drawn.texts)
    assert [text.get_text() for text in drawn.texts] == ["R", "L"]
    assert frame.x0 + 2 < right.x0 < right.x1 < frame.x0 + frame.width / 2
    assert frame.x0 + frame.width / 2 < left.x0 < left.x1 < frame.x1 - 2
    assert all(frame.y0 < box.y0 < box.y1 < frame.y1 + 1 for box in (right, left))


def test_an_image_that_is_white_up_to_its_edges_does_not_reach_a_letter(drawn: Axes) -> None:
    image = drawn.images[0].get_window_extent()
    for text in drawn.texts:
        box = text.get_window_extent()
        assert box.y0 >= image.y1 - 1
        inside = pixels(drawn)[round(box.y0) + 1 : round(box.y1) + 1, round(box.x0) - 1 : round(box.x1) + 1]
        assert inside.max() > 200, "the letter is white"
        assert inside[:, [0, -1]].max() < 60, "on a black ground"


def test_the_whole_image_is_still_shown(drawn: Axes) -> None:
    frame, image = drawn.get_window_extent(), drawn.images[0].get_window_extent()
    assert (image.x0, image.x1, image.y0) == pytest.approx((frame.x0, frame.x1, frame.y0), abs=0.5)
    assert image.y1 < frame.y1

"""The picture by which a person names a series shows up to six of its images, however few there are."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from idh_tasks.reporting.series_figure import WIDTH_INCHES, chosen, series_picture

PIXELS_PER_INCH = 100


@pytest.mark.parametrize(
    ("count", "shown"),
    [(1, [0]), (4, [0, 1, 2, 3]), (6, [0, 1, 2, 3, 4, 5]), (24, [6, 8, 10, 13, 15, 17])],
)
def test_all_images_of_a_short_series_are_shown_and_six_of_a_long_one(count: int, shown: list[int]) -> None:
    assert chosen(count) == shown


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_no_row_and_no_column_of_the_picture_is_empty(count: int) -> None:
    picture = series_picture([np.eye(32, dtype=np.float32)] * count)
    pixels = np.asarray(Image.open(BytesIO(picture)).convert("L"))
    columns, rows = min(count, 3), -(-count // 3)
    assert pixels.shape[1] == round(WIDTH_INCHES * PIXELS_PER_INCH)
    cells = [cell for row in np.array_split(pixels, rows) for cell in np.array_split(row, columns, axis=1)]
    assert sum(bool(cell.max() > 100) for cell in cells) == count

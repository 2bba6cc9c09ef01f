"""The picture of a proposed outline shows enough of it to decide on."""

from io import BytesIO

import numpy as np
from PIL import Image

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.reporting.outline_figure import MOST_SLICES, outline_picture, slices


def marked(*indices: int) -> np.ndarray:
    mask = np.zeros((40, 32, 32), bool)
    mask[list(indices), 10:20, 10:20] = True
    return mask


def test_slices_reach_from_the_first_to_the_last_of_the_outline() -> None:
    chosen = slices(marked(*range(5, 35)))
    assert len(chosen) == MOST_SLICES
    assert (chosen[0], chosen[-1]) == (5, 34)
    assert chosen == sorted(set(chosen))


def test_a_flat_outline_is_shown_whole() -> None:
    assert slices(marked(7, 8, 20)) == [7, 8, 20]


def test_the_picture_is_1200_pixels_wide_with_a_column_per_image() -> None:
    image = np.random.default_rng(1).random((40, 32, 32)).astype(np.float32)
    drawn = Image.open(BytesIO(outline_picture(marked(7, 8), {MrSequence.MPRAGE: image, MrSequence.T2: image})))
    assert drawn.size == (1200, 1200)

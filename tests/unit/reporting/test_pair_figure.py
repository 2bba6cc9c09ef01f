"""The picture of two patients with the same image shows both in the same grey values."""

from io import BytesIO

import numpy as np
from PIL import Image

from idh_tasks.reporting.pair_figure import pair_picture

DARK = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
BRIGHT = 4 * DARK


def drawn(*patches: np.ndarray) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(pair_picture("T1", ["one", "two"], patches))).convert("L"))


def test_both_patches_have_the_same_window() -> None:
    picture = drawn(DARK, BRIGHT)
    middle = picture[picture.shape[0] // 2]
    left, right = middle[: len(middle) // 2], middle[len(middle) // 2 :]
    assert right.max() > 250
    assert 40 < left.max() < 90, "a quarter of the window, as in the patches"


def test_the_picture_is_1200_pixels_wide_with_a_text_above_each_patch() -> None:
    picture = drawn(DARK, DARK)
    assert picture.shape[1] == 1200
    above = picture[20:110]
    assert all((half > 200).any() for half in np.hsplit(above, 2))


def test_patches_of_one_value_can_be_drawn() -> None:
    assert drawn(np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)).shape[1] == 1200

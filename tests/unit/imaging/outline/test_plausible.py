"""An outline must have the size and the shape of a tumour and lie in the head."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.between import check_no_gaps
from idh_tasks.imaging.outline.plausible import check_plausible, check_shape
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry

SHAPE = (60, 70, 60)
GRID, HEAD = geometry(SHAPE), ball(SHAPE, 28)
SETTINGS = ImagingSettings()
TUMOUR = ball(SHAPE, 10)


def random_voxels(share: float, within: Mask | None = None, seed: int = 0) -> Mask:
    """Return a mask of which a share is marked at random."""
    marked = np.random.default_rng(seed).random(SHAPE) < share
    return np.asarray(marked if within is None else marked & within)


def several(count: int, radius: float) -> Mask:
    """Return so many balls side by side."""
    centres = [(z, y, x) for z in (12, 30, 48) for y in (12, 34, 56) for x in (12, 30, 48)]
    return np.asarray(np.any([ball(SHAPE, radius, centre) for centre in centres[:count]], axis=0))


def jagged(mask: Mask) -> Mask:
    """Return a mask with a frayed edge and crumbs beside it, as networks and thresholds leave them."""
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 1, SHAPE), 1)
    edge = ndimage.binary_dilation(mask, iterations=3) & ~ndimage.binary_erosion(mask, iterations=2)
    return np.asarray(np.where(edge, noise > 0, mask))


def test_a_tumour_in_the_head_is_plausible() -> None:
    check_plausible(TUMOUR, HEAD, GRID, SETTINGS)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (ball(SHAPE, 1), "ml are plausible"),
        (np.ones(SHAPE, dtype=bool), "ml are plausible"),
        (ball(SHAPE, 10, (29.5, 4.0, 4.0)), "is inside the head"),
        (ball(SHAPE, 24), "fills 63% of the head"),
    ],
)
def test_a_wrong_size_or_place_is_refused_with_its_figure(mask: np.ndarray, reason: str) -> None:
    with pytest.raises(StudyQuarantinedError, match=reason):
        check_plausible(mask, HEAD, GRID, SETTINGS)


SOUND = {
    "a ball": TUMOUR,
    "a small one": ball(SHAPE, 3),
    "a large one": ball(SHAPE, 22),
    "several foci": several(9, 5),
    "satellites": TUMOUR | several(8, 2),
    "one slice": TUMOUR & (np.arange(SHAPE[0]) == 30)[:, None, None],
    "at the edge of the image": ball(SHAPE, 10, (5, 5, 30)),
    "with a hole": TUMOUR & ~ball(SHAPE, 6),
    "frayed": jagged(TUMOUR),
    "through all slices": np.broadcast_to(ball((1, *SHAPE[1:]), 12, (0, 35, 30)), SHAPE),
}


@pytest.mark.parametrize("mask", SOUND.values(), ids=SOUND)
def test_tumours_of_any_ordinary_shape_are_accepted(mask: Mask) -> None:
    check_shape(np.asarray(mask), GRID, SETTINGS)
    check_no_gaps(np.asarray(mask))


WRONG = {
    "the whole image": (np.ones(SHAPE, dtype=bool), "ml are plausible"),
    "everything but the tumour": (~TUMOUR, "ml are plausible"),
    "the background": (~ball(SHAPE, 34), "ml are plausible"),
    "a frame": (~np.pad(np.ones((60, 66, 56), bool), ((0, 0), (2, 2), (2, 2))), "from one edge of the T2 to the other"),
    "a bar": (np.abs(np.arange(SHAPE[1]) - 35)[None, :, None] < np.full(SHAPE, 3), "from one edge of the T2"),
    "random voxels of a region": (random_voxels(0.5, ball(SHAPE, 20)), "lie inside it; is it noise"),
    "few random voxels": (random_voxels(0.01, ball(SHAPE, 28)), r"consists of \d+ pieces"),
    "a chessboard": (np.indices(SHAPE).sum(axis=0) % 2 * TUMOUR > 0, "lie inside it"),
    "thousands of crumbs": (several(27, 4) & random_voxels(0.1) | random_voxels(0.01, HEAD), r"consists of \d+ pieces"),
    "crumbs beside a tumour": (TUMOUR | random_voxels(0.004, HEAD), r"consists of \d+ pieces"),
    "threads": ((np.indices(SHAPE)[1] % 3 == 0) & TUMOUR, "lie inside it"),
}


@pytest.mark.parametrize(("mask", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_tumour_by_its_shape_is_refused_with_the_figure(mask: Mask, reason: str) -> None:
    with pytest.raises(StudyQuarantinedError, match=reason):
        check_shape(np.asarray(mask), GRID, SETTINGS)


def test_an_outline_that_fills_the_image_is_refused_though_its_volume_is_plausible() -> None:
    with pytest.raises(StudyQuarantinedError, match="fills 37% of the T2"):
        check_shape(HEAD, geometry(SHAPE, 1.0), SETTINGS)


@given(st.floats(0.02, 0.55), st.integers(0, 99))
def test_random_voxels_are_refused_whatever_their_share(share: float, seed: int) -> None:
    with pytest.raises(StudyQuarantinedError):
        check_shape(random_voxels(share, ball(SHAPE, 20), seed), GRID, SETTINGS)


@pytest.mark.parametrize("every", [2, 3, 4])
def test_an_outline_on_every_second_slice_or_fewer_is_refused(every: int) -> None:
    with pytest.raises(StudyQuarantinedError, match=r"leaves out \d+ of its planes"):
        check_no_gaps(TUMOUR & (np.arange(SHAPE[0]) % every == 0)[:, None, None])


def test_a_crumb_above_the_tumour_is_no_gap() -> None:
    crumb = np.zeros(SHAPE, dtype=bool)
    crumb[43, 34:36, 29:31] = True
    check_no_gaps(TUMOUR | crumb)

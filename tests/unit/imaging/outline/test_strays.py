"""Small pieces apart from an outline are flagged where they widen the rectangle of the patch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.volume import Mask
from idh_tasks.imaging.outline.strays import widening
from tests.factories import ball

SHAPE = (30, 64, 64)


def with_pieces(*pieces: tuple[float, float]) -> Mask:
    """Return a tumour and pieces in the slice through its middle, each of a radius and at a distance in voxels."""
    mask = ball(SHAPE, 10, (15.0, 40.0, 20.0))
    for radius, distance in pieces:
        mask |= ball(SHAPE, radius, (15.0, 40.0, 20.0 + distance))
    return mask


@given(st.integers(20, 40))
def test_a_slip_of_the_pen_in_the_other_hemisphere_widens_the_patch(distance: int) -> None:
    assert widening(with_pieces((0.5, distance))) == pytest.approx((11 + distance) / 21)


@pytest.mark.parametrize("pieces", [(), ((5.0, 30.0),), ((2.5, 16.0), (3.0, 25.0))])
def test_one_tumour_or_several_of_notable_size_are_as_wide_as_they_are(pieces: tuple[tuple[float, float], ...]) -> None:
    assert widening(with_pieces(*pieces)) == 1


def test_a_slip_on_another_slice_or_within_the_rectangle_widens_nothing() -> None:
    mask = with_pieces((0.5, 12.0))
    mask[2, 5, 5] = mask[15, 31, 11] = True
    assert widening(mask) < 1.25

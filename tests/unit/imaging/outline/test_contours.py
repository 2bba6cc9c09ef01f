"""Contours of one plane add up; only one that lies wholly inside another is a hole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.imaging.outline.contours import Points, fill, fill_xor

SHAPE = (40, 50)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=float) - 0.5


def area(*contours: Points) -> int:
    return int(fill(contours, SHAPE).sum())


def test_an_island_in_a_hole_is_filled() -> None:
    assert area(box(5, 5, 35, 35), box(10, 10, 30, 30), box(15, 15, 25, 25)) == 900 - 400 + 100


def test_a_hole_in_two_overlapping_contours_stays_a_hole() -> None:
    assert area(box(5, 5, 25, 25), box(10, 5, 30, 25), box(14, 10, 20, 16)) == 25 * 20 - 36


def test_a_hole_is_filled_where_another_contour_covers_it() -> None:
    assert area(box(5, 5, 25, 25), box(10, 10, 20, 20), box(18, 12, 40, 14)) == 400 - 100 + 2 * 2 + 15 * 2


def test_a_contour_that_is_repeated_or_outside_is_no_hole() -> None:
    assert area(box(5, 5, 25, 25), box(5, 5, 25, 25)) == 400
    assert area(box(5, 5, 25, 25), box(200, 200, 210, 210)) == 400


def test_a_concave_contour_does_not_enclose_what_lies_in_its_bay() -> None:
    horseshoe = np.array([[5, 5], [35, 5], [35, 35], [25, 35], [25, 15], [15, 15], [15, 35], [5, 35]]) - 0.5
    assert area(horseshoe, box(18, 20, 22, 24)) == 900 - 10 * 20 + 16


def test_a_keyhole_contour_has_a_hole() -> None:
    outer, inner = box(5, 5, 25, 25), box(10, 10, 20, 20)[::-1]
    keyhole = np.vstack([outer, outer[:1], inner[-1:], inner, outer[:1]])
    assert area(keyhole) == 300


def test_odd_overlaps_count_for_xor() -> None:
    assert int(fill_xor([box(5, 5, 25, 25), box(15, 5, 35, 25)], SHAPE).sum()) == 400
    assert not fill_xor([box(5, 5, 25, 25)] * 2, SHAPE).any()


corner = st.integers(2, 30)
boxes = st.builds(lambda x, y, w, h: box(x, y, x + w, y + h), corner, corner, st.integers(1, 12), st.integers(1, 8))


@given(st.lists(boxes, min_size=1, max_size=5), st.randoms())
def test_the_order_of_contours_does_not_matter(contours: list[Points], rng: np.random.Generator) -> None:
    shuffled = list(contours)
    rng.shuffle(shuffled)
    np.testing.assert_array_equal(fill(contours, SHAPE), fill(shuffled, SHAPE))

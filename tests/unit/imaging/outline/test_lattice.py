"""A mask is placed on the voxels of an image exactly, or they are found to be others."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from idh_tasks.domain.volume import Geometry, Mask, Volume, triple
from idh_tasks.imaging.outline.lattice import on_lattice
from tests.outlines import T2_GRID, rearranged, tumour

OBLIQUE = replace(T2_GRID, direction=(0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0))


def volume(grid: Geometry = T2_GRID) -> Volume:
    return Volume(tumour(grid.shape).astype(np.float32), grid)


def same(placed: Mask | None, wanted: Mask) -> bool:
    return placed is not None and np.array_equal(placed, wanted)


def moved(grid: Geometry, by_mm: float) -> Geometry:
    return replace(grid, origin_mm=(grid.origin_mm[0] + by_mm, *grid.origin_mm[1:]))


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)), ids=str)
@pytest.mark.parametrize("grid", [T2_GRID, OBLIQUE], ids=["straight", "oblique"])
def test_permuted_and_flipped_axes_give_the_same_voxels(
    grid: Geometry, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    assert same(on_lattice(rearranged(tumour(), grid, order, flips), grid), tumour())


def test_a_part_of_the_grid_is_enough() -> None:
    first = (2, 3, 4)
    part = tumour()[2:6, 3:15, 4:21]
    origin = np.array(T2_GRID.origin_mm) + T2_GRID.axes() @ first[::-1]
    grid = replace(T2_GRID, shape=part.shape, origin_mm=triple(origin))
    assert same(on_lattice(Volume(part.astype(np.float32), grid), T2_GRID), tumour())


@pytest.mark.parametrize(
    "other",
    [
        moved(T2_GRID, 0.3),
        moved(T2_GRID, 40.0),
        replace(T2_GRID, spacing_mm=(1.03, 1.5, 4.0)),
        replace(T2_GRID, spacing_mm=(1.0, 1.5, 2.0)),
        OBLIQUE,
    ],
    ids=["between the voxels", "outside", "other size", "finer", "oblique"],
)
def test_other_voxels_are_named_as_such(other: Geometry) -> None:
    assert on_lattice(volume(other), T2_GRID) is None


def test_rounded_headers_make_no_difference() -> None:
    assert same(on_lattice(volume(moved(T2_GRID, 0.05)), T2_GRID), tumour())

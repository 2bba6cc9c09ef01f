"""Two outlines are the same if they contain the same voxels of the same grid."""

from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.domain.volume import Geometry, Volume
from idh_tasks.imaging.outline.same import same_voxels

GRID = Geometry((3, 4, 5), (1.0, 1.0, 2.0), (-10.0, 4.0, 0.5))
VOXELS = np.zeros(GRID.shape, np.float32)
VOXELS[1, 1:3, 2] = 1
OUTLINE = Volume(VOXELS, GRID)


def test_the_value_that_marks_voxels_does_not_matter() -> None:
    assert same_voxels(OUTLINE, replace(OUTLINE, voxels=VOXELS * 2))


def test_one_voxel_more_makes_another_outline() -> None:
    more = VOXELS.copy()
    more[1, 0, 2] = 1
    assert not same_voxels(OUTLINE, replace(OUTLINE, voxels=more))


@pytest.mark.parametrize(
    "grid",
    [
        replace(GRID, origin_mm=(-9.0, 4.0, 0.5)),
        replace(GRID, spacing_mm=(1.0, 1.0, 2.1)),
        replace(GRID, shape=(3, 5, 4)),
    ],
)
def test_the_same_numbers_on_another_grid_are_another_outline(grid: Geometry) -> None:
    assert not same_voxels(OUTLINE, Volume(VOXELS.reshape(grid.shape), grid))

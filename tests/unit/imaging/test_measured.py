"""Voxels that were filled or lost their signal count as not measured; dark tissue counts as measured."""

import numpy as np
import pytest

from idh_tasks.domain.volume import Float, Geometry, Mask, Volume
from idh_tasks.imaging.measured import measured
from tests.factories import ball

SHAPE = (24, 48, 48)
THICK = Geometry(SHAPE, (4.0, 4.0, 6.0), (0.0, 0.0, 0.0))
HEAD = ball(SHAPE, 18, (11.5, 23.5, 23.5))
HOLE = ball(SHAPE, 3, (11.5, 23.5, 30.5))


def head(air: float = 12) -> Float:
    noise = np.random.default_rng(1).rayleigh(air, SHAPE) if air else np.zeros(SHAPE)
    return np.where(HEAD, 500 + 10 * noise, noise).astype(np.float32)


def share(voxels: Float, where: Mask | slice, *, is_map: bool = False) -> float:
    return float(measured(Volume(voxels, THICK), is_map=is_map)[where].mean())


def replaced(where: Mask | slice, value: float) -> Float:
    voxels = head()
    voxels[where] = value
    return voxels


@pytest.mark.parametrize("air", [0, 12], ids=["background set to zero", "background of noise"])
def test_a_head_is_measured_wherever_there_is_tissue(air: float) -> None:
    assert share(head(air), HEAD) == 1


@pytest.mark.parametrize("value", [0, -1024])
def test_filled_slices_are_not_measured(value: float) -> None:
    voxels = replaced(slice(12, 15), value)
    assert share(voxels, slice(12, 15)) == 0
    assert share(voxels, HEAD & (np.indices(SHAPE)[0] < 12)) == 1


def test_slices_of_noise_are_not_measured() -> None:
    voxels = head()
    voxels[12:15] = np.random.default_rng(3).rayleigh(12, (3, *SHAPE[1:]))
    assert share(voxels, slice(12, 15)) == 0


def test_a_filled_corner_is_not_measured() -> None:
    corner = np.indices(SHAPE)[1:].sum(axis=0) < 40
    assert share(replaced(corner, 0), HEAD & corner) == 0


def test_a_filled_region_inside_is_not_measured_in_an_image_but_a_value_in_a_map() -> None:
    voxels = replaced(HOLE, 0)
    assert share(voxels, HOLE) < 0.3
    assert share(voxels, HOLE, is_map=True) == 1


def test_a_map_of_the_brain_only_is_measured_in_the_brain() -> None:
    brain = ball(SHAPE, 15, (11.5, 23.5, 23.5))
    voxels = np.where(brain, head(), 0)
    assert share(voxels, brain, is_map=True) == 1
    assert share(voxels, HEAD & ~brain, is_map=True) < 0.1


def test_single_dark_voxels_are_tissue() -> None:
    scattered = HEAD & (np.random.default_rng(2).random(SHAPE) < 0.1)
    assert share(replaced(scattered, 0), HEAD) > 0.99


def test_an_image_of_constant_value_is_not_measured() -> None:
    assert share(np.zeros(SHAPE, dtype=np.float32), HEAD) == 0

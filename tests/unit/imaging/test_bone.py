"""Bone at the surface is removed from a brain mask; fluid at the surface and whatever is dark inside it stay."""

import numpy as np
import pytest

from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.brain.bone import without_bone
from tests.factories import ball

SHAPE, MM = (88, 88, 88), 2.0
SCALP, TISSUE, FLUID, BONE = 900, 500, 120, 40
BRAIN, INNER, SKULL, HEAD = (ball(SHAPE, radius) for radius in (33, 31, 37, 40))
"""The brain with its outer fluid; the tissue inside; the skull and the scalp around it. Radii in voxels."""
VENTRICLES = ball(SHAPE, 8)


def scan(fluid: float = FLUID, noise: float = 0.0) -> Volume:
    voxels = np.zeros(SHAPE, dtype=np.float32)
    for region, signal in ((HEAD, SCALP), (SKULL, BONE), (BRAIN, fluid), (INNER, TISSUE), (VENTRICLES, fluid)):
        voxels[region] = signal
    real, imaginary = np.random.default_rng(1).normal(0, 1, (2, *SHAPE)) * noise
    return Volume(np.hypot(voxels + real, imaginary).astype(np.float32), Geometry(SHAPE, (MM,) * 3, (0.0, 0.0, 0.0)))


def ml(mask: Mask) -> float:
    return float(mask.sum()) * MM**3 / 1000


def edges_only(differing: Mask) -> bool:
    """Whether voxels differ by the rounding of edges only: the mean of three voxels in a row decides."""
    return ml(differing) < 0.01 * ml(BRAIN)


@pytest.mark.parametrize("noise", [0.0, 20.0])
def test_bone_in_the_mask_is_removed_and_outer_fluid_stays(noise: float) -> None:
    marked = ball(SHAPE, 35)
    found = without_bone(scan(noise=noise), marked)
    assert ml(marked & ~BRAIN) > 100
    assert edges_only(found ^ BRAIN)


@pytest.mark.parametrize("noise", [0.0, 20.0])
def test_a_mask_without_bone_stays_as_it_is(noise: float) -> None:
    assert edges_only(BRAIN & ~without_bone(scan(noise=noise), BRAIN))


def test_a_dark_vessel_inside_the_brain_stays_and_an_air_cell_open_to_the_outside_goes() -> None:
    image, vessel, cell = scan(), ball(SHAPE, 3, (44, 44, 60)), ball(SHAPE, 6, (44, 44, 77))
    image.voxels[vessel] = image.voxels[cell] = 0
    found = without_bone(image, BRAIN)
    assert found[vessel].all()
    assert ml(found & cell) < 0.1 * ml(BRAIN & cell)


def test_nothing_is_removed_where_fluid_is_no_brighter_than_bone() -> None:
    marked = ball(SHAPE, 35)
    assert np.array_equal(without_bone(scan(fluid=BONE), marked), marked)


def test_a_mask_that_is_empty_or_too_thin_to_have_ventricles_stays() -> None:
    for mask in (np.zeros(SHAPE, dtype=bool), ball(SHAPE, 6)):
        assert np.array_equal(without_bone(scan(), mask), mask)


def test_the_image_and_the_mask_are_not_changed() -> None:
    image, marked = scan(), ball(SHAPE, 35)
    without_bone(image, marked)
    assert np.array_equal(image.voxels, scan().voxels)
    assert np.array_equal(marked, ball(SHAPE, 35))

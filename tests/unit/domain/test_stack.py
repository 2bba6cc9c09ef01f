"""Slices are one stack if they have one orientation, lie straight above one another and are evenly spaced."""

from random import Random

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from idh_tasks.codes import Code
from idh_tasks.domain.stack import MIN_SLICES, check_one_grid, direction, stack_slices
from idh_tasks.errors import SeriesRejectedError

AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
PLANES = {
    "axial": AXIAL,
    "sagittal": [0.0, 1.0, 0.0, 0.0, 0.0, -1.0],
    "coronal": [1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
    "oblique": [0.8, 0.6, 0.0, -0.6, 0.8, 0.0],
}


def positions(orientation: list[float], spacing_mm: float, count: int) -> np.ndarray:
    normal = np.cross(orientation[:3], orientation[3:])
    return np.array([[10.0, -20.0, 30.0] + k * spacing_mm * normal for k in range(count)])


def rejection(orientations: ArrayLike, places: ArrayLike, pixel_mm: float = 1.0) -> SeriesRejectedError:
    with pytest.raises(SeriesRejectedError) as caught:
        stack_slices(orientations, places, pixel_mm)
    return caught.value


@pytest.mark.parametrize("orientation", PLANES.values(), ids=PLANES.keys())
def test_slices_are_arranged_along_the_normal_in_any_plane(orientation: list[float]) -> None:
    places = positions(orientation, 3.3, 6)
    stack = stack_slices([orientation] * 6, places[::-1], 1.0)
    assert stack.slices == ((5,), (4,), (3,), (2,), (1,), (0,))
    assert stack.spacing_mm == pytest.approx(3.3)
    assert stack.origin_mm == pytest.approx(places[0])


@given(
    st.sampled_from(sorted(PLANES)),
    st.floats(0.8, 7.0),
    st.integers(MIN_SLICES, 20),
    st.integers(1, 4),
    st.sampled_from([0.0, 1e-5, 1e-3, 1e-2]),
    st.randoms(use_true_random=False),
)
def test_positions_that_jitter_are_one_slice_in_every_order(
    plane: str, spacing_mm: float, count: int, repeats: int, jitter_mm: float, random: Random
) -> None:
    places = np.repeat(positions(PLANES[plane], spacing_mm, count), repeats, axis=0)
    rng = np.random.default_rng(random.getrandbits(32))
    order = rng.permutation(len(places))
    jittered = places[order] + rng.uniform(-jitter_mm, jitter_mm, places.shape)
    stack = stack_slices([PLANES[plane]] * len(places), jittered, 1.0)
    assert [sorted(order[list(at)] // repeats) for at in stack.slices] == [[k] * repeats for k in range(count)]
    assert stack.spacing_mm == pytest.approx(spacing_mm, abs=2 * jitter_mm / (count - 1) + 1e-9)


def test_spacing_does_not_accumulate_the_rounding_of_positions() -> None:
    places = [[0.0, 0.0, round(k * 10 / 3, 2)] for k in range(31)]
    assert stack_slices([AXIAL] * 31, places, 1.0).spacing_mm == pytest.approx(10 / 3, abs=1e-6)


@pytest.mark.parametrize("tilt_mm", [0.5, 1.5, -3.0])
def test_a_sheared_stack_is_rejected_with_its_tilt(tilt_mm: float) -> None:
    places = [[0.0, k * tilt_mm, k * 3.0] for k in range(8)]
    error = rejection([AXIAL] * 8, places)
    tilt = np.degrees(np.arctan2(abs(tilt_mm), 3.0))
    assert error.code is Code.E_GEOMETRY_SHEAR
    assert f"{abs(7 * tilt_mm):.2f} mm in all, a tilt of {tilt:.1f}°" in error.reason


def test_one_slice_that_is_shifted_in_its_plane_is_rejected() -> None:
    places = positions(AXIAL, 5.0, 8)
    places[3, 0] += 2.0
    assert rejection([AXIAL] * 8, places).code is Code.E_GEOMETRY_SHEAR


@pytest.mark.parametrize("count", range(2, MIN_SLICES))
def test_a_few_slices_are_no_volume(count: int) -> None:
    error = rejection([AXIAL] * count, positions(AXIAL, 5.0, count))
    assert (error.code, f"{count} slices are no volume" in error.reason) == (Code.E_GEOMETRY_SLICES, True)


def test_the_fewest_slices_of_a_volume_can_be_smoothed_as_registration_does() -> None:
    image = sitk.GetImageFromArray(np.random.default_rng(1).random((MIN_SLICES, 8, 8), dtype=np.float32))
    assert np.isfinite(sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(image, 1.5))).all()
    with pytest.raises(RuntimeError):
        sitk.SmoothingRecursiveGaussian(image[:, :, : MIN_SLICES - 1], 1.5)


def test_a_missing_slice_is_found_among_repeated_positions_that_jitter() -> None:
    places = np.concatenate([positions(AXIAL, 5.0, 8), positions(AXIAL, 5.0, 8) + 1e-3])
    kept = np.delete(places, [4, 12], axis=0)
    error = rejection([AXIAL] * len(kept), kept)
    assert error.code is Code.E_GEOMETRY_GAP
    assert "10.00 mm between the slices at 45.0 and 55.0 mm, 5.00 expected" in error.reason


@pytest.mark.parametrize(
    "orientation",
    [[2.0, 0, 0, 0, 1.0, 0], [1.0, 0, 0, 0.5, 0.866, 0], [0.0] * 6, [1.0, 0, 0, 1.0, 0, 0], [np.nan] * 6],
    ids=["length 2", "60 degrees", "zero", "parallel", "not a number"],
)
def test_rows_and_columns_are_unit_vectors_at_a_right_angle(orientation: list[float]) -> None:
    assert rejection([orientation] * 4, positions(AXIAL, 5.0, 4)).code is Code.E_GEOMETRY_ORIENT


def test_orientations_that_differ_by_rounding_are_one_and_others_are_not() -> None:
    rounded = [[1.0, 1e-4, 0.0, -1e-4, 1.0, 0.0], AXIAL]
    assert direction(rounded)[:, 2] == pytest.approx([0, 0, 1], abs=1e-6)
    turned = [0.999, 0.0447, 0.0, -0.0447, 0.999, 0.0]
    assert rejection([AXIAL, turned, AXIAL], positions(AXIAL, 5.0, 3)).code is Code.E_GEOMETRY_ORIENT


def test_grids_that_differ_by_rounding_are_one_and_others_are_not() -> None:
    check_one_grid([(256, 256, 0.9375, 0.9375), (256, 256, 0.938, 0.9375)])
    for other in ((255, 256, 0.9375, 0.9375), (256, 256, 0.9375, 0.95)):
        with pytest.raises(SeriesRejectedError, match="2 different matrices"):
            check_one_grid([(256, 256, 0.9375, 0.9375), other])

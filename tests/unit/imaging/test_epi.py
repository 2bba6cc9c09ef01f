"""Distortion along the phase-encoding axis is measured where it is, and not where there is none."""

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float
from idh_tasks.imaging.epi import array_axis, distortion_flags, epi_mismatch_mm, phase_axis
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry, stack

SHAPE = (60, 70, 64)
SPACING = (2.0, 2.0, 2.0)
BRAIN = ball(SHAPE, 26)
LIMIT_MM = ImagingSettings().distortion_limit_mm


def brain(seed: int) -> Float:
    folds = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 2.0)
    return np.where(BRAIN, np.clip(600 + 250 * folds / folds.std(), 50, None), 0).astype(np.float32)


def distorted(image: Float, mm: float, axis: int = 1) -> Float:
    """Shift the tissue near the front of the skull base along one axis, by up to `mm`."""
    grid = np.indices(SHAPE, dtype=np.float64)
    squared = sum((g - c) ** 2 for g, c in zip(grid, (16, 18, 32), strict=True))
    grid[axis] += mm / 2 * np.exp(-squared / (2 * 10**2))
    return np.asarray(map_coordinates(image, grid, order=1), dtype=np.float32)


def acquired(image: Float, seed: int) -> Float:
    """Return the image with thick slices, another contrast, shading and noise, as an echo-planar image has."""
    shading = 1 + 0.2 * np.linspace(-1, 1, SHAPE[2])
    blurred = gaussian_filter(image, (1.2, 0.6, 0.6)) ** 1.3 * shading
    noise = np.random.default_rng(seed + 100).standard_normal(SHAPE) * 0.04 * blurred[BRAIN].mean()
    return np.asarray(blurred + noise, dtype=np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_images_without_distortion_stay_below_the_limit(seed: int) -> None:
    t2 = brain(seed)
    assert epi_mismatch_mm(acquired(t2, seed), t2, BRAIN, 1, SPACING) < 0.8 * LIMIT_MM


@pytest.mark.parametrize(("mm", "axis"), [(5.0, 1), (-6.0, 1), (8.0, 1), (6.0, 2)])
def test_planted_distortion_is_measured(mm: float, axis: int) -> None:
    t2 = brain(7)
    found = epi_mismatch_mm(acquired(distorted(t2, mm, axis), 7), t2, BRAIN, axis, SPACING)
    assert found > LIMIT_MM
    assert 0.4 * abs(mm) < found < 1.1 * abs(mm)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_the_images_does_not_matter(unit: float) -> None:
    t2 = brain(7)
    b0 = acquired(distorted(t2, 6), 7)
    expected = epi_mismatch_mm(b0, t2, BRAIN, 1, SPACING)
    assert epi_mismatch_mm(b0 * np.float32(unit), t2, BRAIN, 1, SPACING) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("mm", "flags"), [(2.4, ()), (2.6, (Code.W_EPI_DISTORTION,)), (float("nan"), ())])
def test_a_mismatch_above_the_limit_is_flagged(mm: float, flags: tuple[Code, ...]) -> None:
    assert distortion_flags(mm, ImagingSettings()) == flags


def test_unrelated_images_give_no_figure_rather_than_a_wrong_one() -> None:
    noise = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    assert np.isnan(epi_mismatch_mm(noise, brain(7), BRAIN, 1, SPACING))


@pytest.mark.parametrize(("stated", "axis"), [("ROW", (1, 0, 0)), ("COL", (0, 1, 0)), ("COLUMN", (0, 1, 0))])
def test_the_axis_is_that_of_the_rows_or_columns_in_the_patient(stated: str, axis: tuple[float, ...]) -> None:
    assert phase_axis(stack([0, 3], InPlanePhaseEncodingDirection=stated)) == axis


@pytest.mark.parametrize("attributes", [{}, {"InPlanePhaseEncodingDirection": "OTHER"}])
def test_an_axis_that_is_not_stated_is_none(attributes: dict[str, Any]) -> None:
    assert phase_axis(stack([0, 3], **attributes)) is None


def test_different_axes_in_one_series_are_none() -> None:
    one, other = stack([0, 3], InPlanePhaseEncodingDirection="ROW")
    other.InPlanePhaseEncodingDirection = "COL"
    assert phase_axis([one, other]) is None


@pytest.mark.parametrize(("direction", "axis"), [((1, 0, 0), 2), ((0, -0.9, 0.1), 1), ((0.2, 0.3, 0.9), 0)])
def test_the_closest_axis_of_an_array_is_found(direction: tuple[float, float, float], axis: int) -> None:
    assert array_axis(direction, geometry(SHAPE)) == axis

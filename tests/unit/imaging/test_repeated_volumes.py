"""Volumes of one b-value are averaged if they show one head at one gain; movement between them is corrected."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, shift

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.repeated_volumes import Average, average_volumes
from tests.factories import directions, geometry

SHAPE = (12, 64, 72)
GRID = geometry(SHAPE, 2.5)


def head(seed: int = 1) -> tuple[Float, Float]:
    """Return the signal without weighting, and the ADC in mm²/s, of an oval head with fluid and two tissues."""
    z, y, x = np.indices(SHAPE)
    inside = ((z - 5.5) / 5.5) ** 2 + ((y - 31.5) / 26) ** 2 + ((x - 35.5) / 22) ** 2 < 1
    folds = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), (2, 4, 4))
    fluid = folds > 1.3 * folds.std()
    s0 = gaussian_filter(np.where(inside, np.where(fluid, 1900.0, np.where(folds > 0, 900.0, 650.0)), 0.0), 0.5)
    return s0.astype(np.float32), np.where(fluid, 3000e-6, np.where(folds > 0, 850e-6, 720e-6)) * inside


def noisy(image: Float, sigma: float, seed: int) -> Float:
    real, imaginary = sigma * np.random.default_rng(seed).standard_normal((2, *image.shape))
    return np.hypot(image + real, imaginary).astype(np.float32)


def average(volumes: Sequence[Float], b: float, **options: bool) -> Average:
    return average_volumes(np.stack(volumes).astype(np.float32), [None] * len(volumes), b, GRID, **options)


def refusal(volumes: Sequence[Float], b: float, **options: bool) -> str:
    with pytest.raises(SeriesRejectedError) as caught:
        average(volumes, b, **options)
    assert caught.value.code is Code.E_DWI_VOLUMES
    return caught.value.reason


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), sigma=st.sampled_from([0.0, 30.0, 120.0]), drift=st.floats(0.93, 1.07))
def test_noise_and_drift_are_no_disagreement(seed: int, sigma: float, drift: float) -> None:
    s0, _ = head(seed)
    found = average([noisy(s0, sigma, 1), noisy(s0 * drift, sigma, 2), noisy(s0, sigma, 3)], 0)
    assert found.movement_mm < 1.5
    assert not found.uneven


@pytest.mark.parametrize("gain", [0.5, 0.75, 1.3, 2.0, 10.0])
@pytest.mark.parametrize("b", [0.0, 5.0, 1000.0])
def test_another_gain_is_refused_with_its_figure(gain: float, b: float) -> None:
    image = head()[0] * np.exp(-b * head()[1])
    factor = max(gain, 1 / gain)
    assert refusal([image, image * gain], b, isotropic=True).endswith(f"by a factor of {factor:.2f}")


@pytest.mark.parametrize("power", [-6, 0, 4])
def test_the_unit_of_the_images_does_not_matter(power: int) -> None:
    s0 = head()[0] * 10.0**power
    assert average([s0, s0 * 1.05], 0).voxels.max() == pytest.approx(s0.max() * 1.025, rel=0.01)
    assert "factor of 2.00" in refusal([s0, s0 * 2], 0)


def maps() -> dict[str, Float]:
    s0, adc = head()
    return {"ADC": adc * 1e6, "anisotropy": gaussian_filter(head(7)[0], 1), "mask": (s0 > 300) * 1.0,
            "weighted": s0 * np.exp(-1000 * adc)}  # fmt: skip


@pytest.mark.parametrize("name", ["anisotropy", "mask", "weighted"])
def test_a_map_beside_b_0_is_refused_even_at_the_same_brightness(name: str) -> None:
    s0, tissue = head()[0], head()[0] > 300
    same = maps()[name] * np.median(s0[tissue]) / np.median(maps()[name][tissue])
    assert "b = 0" in refusal([s0, s0, same], 0)


def test_an_adc_map_beside_directions_is_refused_even_at_the_same_brightness() -> None:
    image, adc, tissue = maps()["weighted"], maps()["ADC"], head()[0] > 300
    same = adc * np.median(image[tissue]) / np.median(adc[tissue])
    assert "correlates" in refusal([image, image, image, same], 1000)


def test_fibres_explain_differences_between_directions() -> None:
    s0, adc = head()
    gradients = [(x, y, z) for x, y, z in directions(6).tolist()]
    images = np.stack([s0 * np.exp(-1000 * adc * (0.7 + 0.9 * g[0] ** 2)) for g in gradients]).astype(np.float32)
    found = average_volumes(images, gradients, 1000, GRID)
    assert found.voxels.shape == SHAPE
    images[2] *= 0.4
    assert average_volumes(images, gradients, 1000, GRID).uneven


@pytest.mark.parametrize("moved_mm", [10.0, 20.0])
def test_movement_between_volumes_without_weighting_is_corrected(moved_mm: float) -> None:
    s0, _ = head()
    other = shift(s0, (0, moved_mm / 2.5, 0), order=1).astype(np.float32)
    found = average([noisy(s0, 10, 1), noisy(other, 10, 2)], 0)
    assert found.movement_mm == pytest.approx(moved_mm, rel=0.25)
    inside = s0 > 300
    uncorrected = np.abs(np.sqrt(s0 * other) - s0)[inside].mean()
    assert np.abs(found.voxels - s0)[inside].mean() < 0.5 * uncorrected

"""Averaging over directions shows the trace of the tensor, whatever the direction of the fibres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.imaging.directions import IMBALANCE_LIMIT, NOISE_LIMIT, geometric_mean, trace_weights
from tests.factories import directional_signals, directions, fibre_tensor

ORTHOGONAL = np.eye(3)
TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
FIBRES = [(1, 0, 0), (0, 0, 1), (1, 2, 3)]


def mean_diffusivity(image: float, b: float = 1000.0) -> float:
    return float(-np.log(image / 1000) / b * 1e6)


@pytest.mark.parametrize("fibre", FIBRES)
@pytest.mark.parametrize("gradients", [ORTHOGONAL, TETRAHEDRON])
def test_the_mean_over_balanced_directions_gives_the_trace(fibre: tuple[int, ...], gradients: np.ndarray) -> None:
    tensor = fibre_tensor(fibre)
    signals = directional_signals(tensor, gradients, 1000)
    weights, imbalance = trace_weights(gradients)
    np.testing.assert_allclose(weights, 1 / len(gradients))
    assert imbalance < 1e-9
    assert mean_diffusivity(geometric_mean(signals[:, None])[0]) == pytest.approx(np.trace(tensor) / 3, rel=1e-4)


def test_the_arithmetic_mean_would_be_more_than_a_fifth_too_small() -> None:
    signals = directional_signals(fibre_tensor((1, 0, 0)), ORTHOGONAL, 1500)
    assert mean_diffusivity(signals.mean(), 1500) < 0.8 * np.trace(fibre_tensor((1, 0, 0))) / 3


@given(seed=st.integers(0, 1000), count=st.integers(10, 40), fibre=st.sampled_from(FIBRES))
def test_weights_give_the_trace_where_directions_are_not_balanced(
    seed: int, count: int, fibre: tuple[int, ...]
) -> None:
    gradients, tensor = directions(count, seed), fibre_tensor(fibre)
    weights, imbalance = trace_weights(gradients)
    fitted = mean_diffusivity(geometric_mean(directional_signals(tensor, gradients, 1000)[:, None], weights)[0])
    assert weights.sum() == pytest.approx(1)
    assert len(weights) * (weights**2).sum() <= NOISE_LIMIT
    assert abs(fitted - np.trace(tensor) / 3) <= imbalance * 1400 + 0.1
    assert imbalance < IMBALANCE_LIMIT or np.allclose(weights, 1 / count)


@pytest.mark.parametrize("gradients", [np.eye(3)[:1], np.eye(3)[:2], directions(12, squeeze=0.01)])
def test_directions_that_miss_an_axis_are_weighted_equally_and_their_imbalance_is_known(gradients: np.ndarray) -> None:
    weights, imbalance = trace_weights(gradients)
    np.testing.assert_allclose(weights, 1 / len(gradients))
    assert imbalance > 0.3


@given(exponent=st.floats(-6, 6))
def test_the_unit_of_the_images_does_not_matter(exponent: float) -> None:
    images = np.array([[100, 0, -3, 0], [50, 40, 20, 0], [25, 30, 30, 0]], dtype=np.float32)
    scaled = geometric_mean((images * 10**exponent).astype(np.float32)) / 10**exponent
    np.testing.assert_allclose(scaled, geometric_mean(images), rtol=1e-4)
    np.testing.assert_allclose(geometric_mean(images)[[0, 3]], [50, 0], rtol=1e-4)

"""Temperature scaling repairs probabilities that are too confident or not confident enough."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.calibration import apply_temperature, fit_temperature, logit
from idh_tasks.learning.metrics import expected_calibration_error


def calibrated_probabilities(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and labels drawn with them."""
    rng = np.random.default_rng(1)
    probability = rng.beta(2, 3, n)
    return probability, rng.random(n) < probability


def as_scores(probability: np.ndarray, mutant: np.ndarray) -> list[HeldOutScore]:
    return [HeldOutScore(str(n), 0, bool(m), p, p) for n, (m, p) in enumerate(zip(mutant, probability, strict=True))]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_fitted_temperature_reverses_the_one_that_distorted_the_probabilities(temperature: float) -> None:
    probability, mutant = calibrated_probabilities()
    distorted = apply_temperature(logit(probability), temperature)
    assert fit_temperature(distorted, mutant) == pytest.approx(1 / temperature, rel=0.1)


def test_scaling_lowers_the_calibration_error_and_keeps_the_order() -> None:
    probability, mutant = calibrated_probabilities()
    distorted = apply_temperature(logit(probability), 0.3)
    scaled = apply_temperature(logit(distorted), fit_temperature(distorted, mutant))
    errors = [expected_calibration_error(as_scores(values, mutant)) for values in (distorted, scaled)]
    assert errors[1] < errors[0] / 3
    assert spearmanr(scaled, distorted).statistic > 0.9999

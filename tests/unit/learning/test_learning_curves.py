"""An exponential is fitted where a learning curve decays, and only there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idh_tasks.domain.learning_fit import Exponential, NoFit
from idh_tasks.learning.learning_curves import fit_learning_curve, fit_mean_curve

EPOCHS = np.linspace(1, 500, 50)
TRUE = Exponential(1.2, 0.02, 0.4)


def curve(losses: NDArray[np.float64]) -> list[tuple[int, float]]:
    return [(int(epoch), float(loss)) for epoch, loss in zip(EPOCHS, losses, strict=True)]


def test_the_parameters_of_an_exponential_are_recovered() -> None:
    fit = fit_learning_curve(EPOCHS, TRUE(EPOCHS))
    assert isinstance(fit, Exponential)
    np.testing.assert_allclose((fit.a, fit.b, fit.c), (1.2, 0.02, 0.4), rtol=1e-3)


@pytest.mark.parametrize(
    "losses",
    [
        np.full(50, 0.7),
        0.7 + 0.05 * np.random.default_rng(1).normal(size=50),
        0.5 + 0.002 * EPOCHS,
        TRUE(EPOCHS) + 0.004 * EPOCHS,
    ],
    ids=["constant", "noise", "rising", "falls first, then rises above its start"],
)
def test_a_curve_that_does_not_decay_is_said_not_to(losses: NDArray[np.float64]) -> None:
    assert fit_learning_curve(EPOCHS, losses) is NoFit.FLAT
    assert str(NoFit.FLAT) == "does not decay"


@pytest.mark.parametrize("slope", [0.0005, 0.002, 0.0039])
def test_a_straight_line_down_has_bounded_parameters(slope: float) -> None:
    """Unbounded, the fit was −1.1e3·exp(−1.2e−6·x) + 1.1e3."""
    fit = fit_learning_curve(EPOCHS, 2 - slope * EPOCHS)
    assert isinstance(fit, Exponential)
    assert 0 < fit.a < 4
    assert 0 <= fit.c < 2
    assert fit.b >= 1 / 499


def test_a_fit_does_not_depend_on_the_units_of_the_loss() -> None:
    noisy = TRUE(EPOCHS) + 0.05 * np.random.default_rng(2).normal(size=50)
    fit, scaled = fit_learning_curve(EPOCHS, noisy), fit_learning_curve(EPOCHS, 1000 * noisy)
    assert isinstance(fit, Exponential)
    assert isinstance(scaled, Exponential)
    assert (scaled.a, scaled.b, scaled.c) == pytest.approx((1000 * fit.a, fit.b, 1000 * fit.c), rel=1e-3)


def test_the_mean_curve_ends_where_the_first_fold_stopped_early() -> None:
    whole = curve(TRUE(EPOCHS))
    of_three, of_shortest = fit_mean_curve([whole, whole[:30], whole[:40]]), fit_mean_curve([whole[:30]])
    assert isinstance(of_three, Exponential)
    assert vars(of_three) == pytest.approx(vars(of_shortest))


@pytest.mark.parametrize("curves", [[], [[]], [curve(TRUE(EPOCHS)), curve(TRUE(EPOCHS))[:1]]])
def test_too_few_epochs_are_not_fitted(curves: list[list[tuple[int, float]]]) -> None:
    assert fit_mean_curve(curves) is NoFit.SHORT

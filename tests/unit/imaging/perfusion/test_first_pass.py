"""The steady baseline and the bolus are found on the mean signal, or the series is refused with the figure."""

import numpy as np
import pytest

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion.first_pass import Curve, find_first_pass
from idh_tasks.phantom.signal import bolus

SEEDS = range(40)


def mean_signal(step_s: float = 1.5, count: int = 60, arrival_s: float = 16, depth: float = 0.3) -> Curve:
    times = np.arange(count, dtype=np.float64) * step_s
    return np.asarray(900 * np.exp(-depth * bolus(times, arrival_s)))


def noisy(signal: Curve, seed: int, noise: float = 0.004) -> Curve:
    return np.asarray(signal * (1 + np.random.default_rng(seed).normal(0, noise, len(signal))))


def refusal(signal: Curve) -> str:
    with pytest.raises(SeriesRejectedError) as caught:
        find_first_pass(signal)
    return str(caught.value)


@pytest.mark.parametrize("step_s", [0.8, 1.0, 1.5, 2.0, 3.0])
def test_the_bolus_is_found_at_every_usual_repetition_time(step_s: float) -> None:
    found = find_first_pass(mean_signal(step_s, count=int(90 / step_s)))
    assert found.start == 0
    assert 15 <= (found.baseline + 1) * step_s <= 20
    assert abs(found.peak * step_s - 20.5) <= step_s


@pytest.mark.parametrize(
    "transient", [(1.5,), (1.4, 1.1), (1.5, 1.2, 1.05), (1.6, 1.3, 1.15, 1.07), (0.5,), (0.0, 0.0), (0.6, 1.3)]
)
def test_volumes_before_the_steady_state_are_left_out(transient: tuple[float, ...]) -> None:
    for seed in SEEDS:
        signal = noisy(mean_signal(), seed)
        signal[: len(transient)] *= transient
        found = find_first_pass(signal)
        assert found.start == len(transient)
        assert found.baseline in (10, 11)


def test_no_volume_is_left_out_of_a_steady_series_with_noise_or_drift() -> None:
    for seed in SEEDS:
        for drift in (-0.001, 0, 0.001):
            signal = noisy(mean_signal(depth=0.15), seed) * (1 + drift * np.arange(60))
            assert find_first_pass(signal).start <= 1


def test_transients_that_leave_too_few_steady_volumes_are_refused_with_the_figure() -> None:
    signal = mean_signal(arrival_s=6)
    signal[:3] *= (1.5, 1.2, 1.05)
    assert "E_NO_BOLUS" in refusal(signal)


@pytest.mark.parametrize("arrival_s", [0, 1.5, 3])
def test_a_bolus_at_the_very_start_is_refused_with_the_number_of_steady_volumes(arrival_s: float) -> None:
    assert "steady volumes precede the bolus, 4 are needed" in refusal(mean_signal(arrival_s=arrival_s))


@pytest.mark.parametrize("arrival_s", [80, 84, 88])
def test_a_bolus_at_the_very_end_is_refused(arrival_s: float) -> None:
    assert "E_NO_BOLUS" in refusal(mean_signal(arrival_s=arrival_s))


def test_of_a_preload_and_the_bolus_the_bolus_is_measured() -> None:
    signal = mean_signal(count=80, arrival_s=70) * mean_signal(count=80, arrival_s=12, depth=0.15) / 900
    found = find_first_pass(signal)
    assert found.peak == pytest.approx(50, abs=1)
    assert found.start > 14


@pytest.mark.parametrize("transient", [(), (1.5, 1.2)])
def test_a_signal_that_rises_is_refused_as_t1_weighted(transient: tuple[float, ...]) -> None:
    signal = 1800 - 900 * np.exp(-0.2 * (1 - np.exp(-np.clip(np.arange(60) * 1.5 - 16, 0, None) / 5)))
    signal[: len(transient)] *= transient
    assert refusal(signal).startswith("E_DSC_CONTRAST: the signal rises by 1")


def test_what_is_no_bolus_is_refused() -> None:
    step, spike = np.full(60, 900.0), np.full(60, 900.0)
    step[30:], spike[30] = 700, 200
    flat = np.full(60, 900.0)
    for signal in (noisy(flat, 1), noisy(flat, 2, 0.02), flat - 3 * np.arange(60), step, spike, mean_signal()[:10]):
        assert "E_NO_BOLUS" in refusal(np.asarray(signal))


def test_volumes_in_random_order_are_refused() -> None:
    for seed in SEEDS:
        assert "E_NO_BOLUS" in refusal(np.random.default_rng(seed).permutation(noisy(mean_signal(), seed)))

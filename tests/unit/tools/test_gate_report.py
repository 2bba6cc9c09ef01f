"""A slice of `make gate`: equal networks pass, worse ones are refused as often as stated, and nothing drifts."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.simulated_scores import Setting
from tools.gate_report import AUC, COURSES, Cohort, below_floor, comparisons, course, draw

SMALL, LARGE = (17, 83), (51, 249)


def cohorts(size: tuple[int, int], count: int, correlation: float = 0.7) -> Iterator[Cohort]:
    rng = np.random.default_rng(3)
    return (draw(*size, correlation, rng) for _ in range(count))


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("correlation", [0.5, 0.7])
def test_an_equal_network_is_refused_in_at_most_five_percent_of_comparisons(
    size: tuple[int, int], correlation: float
) -> None:
    refused, _ = comparisons(cohorts(size, 250, correlation), loss=0.0)
    assert refused <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 250)


@pytest.mark.parametrize(("size", "least"), [(SMALL, 0.5), (LARGE, 0.93)])
def test_a_true_loss_is_refused_as_often_as_the_stated_power_says(size: tuple[int, int], least: float) -> None:
    refused, _ = comparisons(cohorts(size, 250), loss=0.10)
    _, stated = comparisons(cohorts(size, 100), loss=0.0)
    assert refused > least
    assert refused == pytest.approx(stated, abs=0.08)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_challengers_that_are_each_a_little_worse_do_not_walk_the_champion_down(size: tuple[int, int]) -> None:
    following = COURSES["0.03 worse than the champion"]
    losses = [AUC - course(cohort, following)[0][-1] for cohort in cohorts(size, 40)]
    assert np.mean(losses) <= 0.02 + 2 * np.std(losses) / np.sqrt(40)


def test_rounds_of_equal_networks_refuse_few_and_lose_nothing() -> None:
    paths, refusals = zip(
        *(course(cohort, COURSES["as good as the champion"]) for cohort in cohorts(SMALL, 30)), strict=True
    )
    assert np.mean(refusals) / 20 <= 0.09, "thirty cohorts: at most 5 % over many of them (make gate)"
    assert {auc for path in paths for auc in path} == {AUC}


@pytest.mark.parametrize(("auc", "least", "most"), [(0.5, 0.9, 1.0), (0.65, 0.3, 0.7), (0.85, 0.0, 0.05)])
def test_the_floor_refuses_chance_and_passes_what_is_clearly_above_it(auc: float, least: float, most: float) -> None:
    assert least <= below_floor(Setting(*SMALL, auc), 40) <= most

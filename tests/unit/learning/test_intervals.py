"""Intervals cover the truth as often as they say, and stay within 0 to 1."""

import numpy as np
import pytest
from joblib import Parallel, delayed
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.intervals import auc_interval, delong, null_interval
from tests.factories import scores

TRUTH, COHORTS = 0.75, 1000


def cohort(seed: int) -> list[HeldOutScore]:
    """Return 100 patients, 30 mutants, whose scores have an AUC of 0.75 in the long run."""
    rng = np.random.default_rng(seed)
    distance = norm.ppf(TRUTH) * np.sqrt(2)
    values = norm.cdf(np.concatenate([rng.normal(distance, 1, 30), rng.normal(0, 1, 70)]))
    return scores(values[:30].tolist(), values[30:].tolist())


def covers(seeds: range) -> tuple[int, int]:
    """Return how often the bootstrap and DeLong's interval hold the truth."""
    found = [(auc_interval(one, seed), delong(one)) for seed in seeds for one in [cohort(seed)]]
    return sum(_holds(b) for b, _ in found), sum(_holds(d) for _, d in found)


def _holds(interval: Interval) -> bool:
    return interval.low <= TRUTH <= interval.high


def test_in_a_thousand_cohorts_both_intervals_cover_at_93_to_97_percent() -> None:
    parts = Parallel(n_jobs=2)(delayed(covers)(range(start, start + 250)) for start in range(0, COHORTS, 250))
    for hits in np.sum(parts, axis=0) / COHORTS:
        assert 0.93 <= hits <= 0.97


@pytest.mark.parametrize(("mutant", "wildtype"), [([0.9, 0.8], [0.1, 0.2, 0.3]), ([0.1, 0.2], [0.8, 0.9, 0.7])])
def test_perfect_order_is_no_certainty(mutant: list[float], wildtype: list[float]) -> None:
    for found in (delong(scores(mutant, wildtype)), auc_interval(scores(mutant, wildtype), 1)):
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0.3


def test_the_null_interval_is_that_of_pure_chance() -> None:
    found = null_interval(17, 83, seed=1)
    spread = 1.96 * np.sqrt(101 / (12 * 17 * 83))
    assert found.low == pytest.approx(0.5 - spread, abs=0.02)
    assert found.high == pytest.approx(0.5 + spread, abs=0.02)


def test_out_of_fold_chance_reaches_further_than_the_null_interval() -> None:
    """Why `make protocol` shuffles: a fold is tried on those whom the others have learnt from, whatever learns."""

    def by_chance(seed: int) -> float:
        rng = np.random.default_rng(seed)
        x, mutant = rng.normal(size=(100, 5)), rng.permutation(np.arange(100) < 17)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        given = cross_val_predict(LogisticRegression(), x, mutant, cv=folds, method="decision_function")
        return float(roc_auc_score(mutant, given))

    found, null = np.array([by_chance(seed) for seed in range(200)]), null_interval(17, 83, seed=1)
    assert found.mean() == pytest.approx(0.5, abs=0.04)
    assert ((found < null.low) | (found > null.high)).mean() > 0.08


def test_a_patient_held_out_twice_counts_once() -> None:
    once = scores([0.9, 0.6, 0.4], [0.1, 0.5, 0.3])
    assert auc_interval([*once, *once], 1) == auc_interval(once, 1)

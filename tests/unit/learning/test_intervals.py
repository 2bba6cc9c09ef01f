"""Intervals have the coverage that they state, and stay within 0 to 1."""

import numpy as np
import pytest
from joblib import Parallel, delayed
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.intervals import bootstrap_interval, delong_interval, null_interval
from tests.factories import scores

TRUTH, COHORTS = 0.75, 1000


def cohort(seed: int) -> list[HeldOutScore]:
    """Return 100 patients, 30 mutants, whose scores have an expected AUC of 0.75."""
    rng = np.random.default_rng(seed)
    distance = norm.ppf(TRUTH) * np.sqrt(2)
    values = norm.cdf(np.concatenate([rng.normal(distance, 1, 30), rng.normal(0, 1, 70)]))
    return scores(values[:30].tolist(), values[30:].tolist())


def covers(seeds: range) -> tuple[int, int]:
    """Return how often the bootstrap interval and DeLong's interval contain the truth."""
    scores_by_seed = {seed: cohort(seed) for seed in seeds}
    bootstrap = sum(_covers_truth(bootstrap_interval(own, seed)) for seed, own in scores_by_seed.items())
    return bootstrap, sum(_covers_truth(delong_interval(own)) for own in scores_by_seed.values())


def _covers_truth(interval: Interval) -> bool:
    return interval.low <= TRUTH <= interval.high


def test_in_a_thousand_cohorts_both_intervals_cover_at_93_to_97_percent() -> None:
    parts = Parallel(n_jobs=2)(delayed(covers)(range(start, start + 250)) for start in range(0, COHORTS, 250))
    for hits in np.sum(parts, axis=0) / COHORTS:
        assert 0.93 <= hits <= 0.97


@pytest.mark.parametrize(("mutant", "wildtype"), [([0.9, 0.8], [0.1, 0.2, 0.3]), ([0.1, 0.2], [0.8, 0.9, 0.7])])
def test_perfect_separation_still_has_a_wide_interval(mutant: list[float], wildtype: list[float]) -> None:
    for interval in (delong_interval(scores(mutant, wildtype)), bootstrap_interval(scores(mutant, wildtype), 1)):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.high - interval.low > 0.3


def test_the_null_interval_is_that_of_chance() -> None:
    interval = null_interval(17, 83, seed=1)
    spread = 1.96 * np.sqrt(101 / (12 * 17 * 83))
    assert interval.low == pytest.approx(0.5 - spread, abs=0.02)
    assert interval.high == pytest.approx(0.5 + spread, abs=0.02)


def test_out_of_fold_aucs_by_chance_spread_wider_than_the_null_interval() -> None:
    """Folds are not independent: each is tested on patients that the others are trained on."""

    def by_chance(seed: int) -> float:
        rng = np.random.default_rng(seed)
        x, mutant = rng.normal(size=(100, 5)), rng.permutation(np.arange(100) < 17)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        decision = cross_val_predict(LogisticRegression(), x, mutant, cv=folds, method="decision_function")
        return float(roc_auc_score(mutant, decision))

    aucs, null = np.array([by_chance(seed) for seed in range(200)]), null_interval(17, 83, seed=1)
    assert aucs.mean() == pytest.approx(0.5, abs=0.04)
    assert ((aucs < null.low) | (aucs > null.high)).mean() > 0.08


def test_a_patient_held_out_twice_counts_once() -> None:
    once = scores([0.9, 0.6, 0.4], [0.1, 0.5, 0.3])
    assert bootstrap_interval([*once, *once], 1) == bootstrap_interval(once, 1)

"""Intervals have the coverage that they state, and stay within 0 to 1."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from idh_tasks.domain.learning import Scheme
from idh_tasks.domain.performance import Interval
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning import intervals
from idh_tasks.learning.intervals import bootstrap, bootstrap_interval, delong, delong_interval, null_interval
from idh_tasks.learning.pairs import pairs_of
from idh_tasks.learning.performance import assess
from tests.factories import scores
from tests.simulated_scores import Setting, cohorts

COHORTS = 600


def contains(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


@pytest.mark.parametrize(
    "setting",
    [
        Setting(17, 83, 0.75, Scheme.STRATIFIED, 1),
        Setting(17, 83, 0.75, Scheme.STRATIFIED, 3),
        Setting(17, 83, 0.75, Scheme.REPEATED, 1),
        Setting(17, 83, 0.75, Scheme.REPEATED, 3),
    ],
    ids=lambda setting: f"{setting.scheme} x {setting.repetitions}",
)
def test_both_intervals_cover_the_truth_in_93_to_97_percent(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make intervals` prints more settings, with all resamples."""
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    simulated = [pairs_of(own) for own in cohorts(setting, COHORTS, seed=1)]
    by_delong = np.mean([contains(delong(pairs), setting.auc) for pairs in simulated])
    by_bootstrap = np.mean([contains(bootstrap(pairs, n), setting.auc) for n, pairs in enumerate(simulated)])
    assert 0.93 <= by_delong <= 0.97
    assert 0.93 <= by_bootstrap <= 0.97


def test_rows_taken_for_patients_would_cover_too_seldom() -> None:
    """The check above can fail: repetitions as if they were other patients."""
    setting = Setting(17, 83, 0.75, Scheme.STRATIFIED, 3)
    hits = 0
    for own in cohorts(setting, 100, seed=1):
        others = [replace(s, patient_key=f"{s.patient_key}-{s.repetition}", repetition=0) for s in own]
        hits += contains(delong_interval(others), setting.auc)
    assert hits / 100 < 0.9


@pytest.mark.parametrize(("mutant", "wildtype"), [([0.9, 0.8], [0.1, 0.2, 0.3]), ([0.1, 0.2], [0.8, 0.9, 0.7])])
def test_perfect_separation_still_has_a_wide_interval(mutant: list[float], wildtype: list[float]) -> None:
    for interval in (delong_interval(scores(mutant, wildtype)), bootstrap_interval(scores(mutant, wildtype), 1)):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.high - interval.low > 0.3


@pytest.mark.parametrize("value", [0.0, 0.17, 0.5, 1.0])
@pytest.mark.parametrize("repetitions", [1, 3])
def test_constant_scores_have_an_auc_of_one_half_and_no_interval(value: float, repetitions: int) -> None:
    once = scores([value] * 5, [value] * 25)
    own = [replace(score, repetition=n) for n in range(repetitions) for score in once]
    performance = assess(own, 1)
    for interval in (performance.auc, performance.delong):
        assert interval is not None
        assert (interval.value, interval.bounded) == (0.5, False)


def test_repetitions_that_cancel_out_have_no_interval_either() -> None:
    right, wrong = scores([0.9, 0.8], [0.1, 0.2]), scores([0.1, 0.2], [0.8, 0.9])
    own = [*right, *right, *(replace(s, repetition=1) for s in wrong), *(replace(s, repetition=2) for s in right)]
    assert delong_interval(own).value == pytest.approx(2 / 3)
    assert not delong_interval(own).bounded
    assert not bootstrap_interval(own, 1).bounded


@pytest.mark.parametrize("seed", range(20))
def test_intervals_of_few_and_tied_scores_lie_around_the_auc_within_0_to_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 5, 2).tolist()
    own = scores(*(rng.integers(0, 4, size).astype(float) / 4 for size in (m, n)))
    for interval in (delong_interval(own), bootstrap_interval(own, seed)):
        if interval.bounded:
            assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_the_performance_counts_patients_and_gives_the_spread_over_repetitions() -> None:
    (own,) = cohorts(Setting(17, 83, 0.8, Scheme.STRATIFIED, 3), 1, seed=4)
    performance = assess(own, 1)
    assert (performance.n, performance.mutants) == (100, 17)
    assert performance.spread is not None
    assert performance.spread.repetitions == 3
    assert performance.spread.lowest < performance.auc.value < performance.spread.highest
    assert assess([score for score in own if score.repetition == 0], 1).spread is None


def test_the_null_interval_is_that_of_chance() -> None:
    interval = null_interval(17, 83, seed=1)
    spread = 1.96 * np.sqrt(101 / (12 * 17 * 83))
    assert interval.low == pytest.approx(0.5 - spread, abs=0.02)
    assert interval.high == pytest.approx(0.5 + spread, abs=0.02)


def test_the_null_interval_of_one_mutant_is_wide_and_without_one_it_is_refused() -> None:
    one = null_interval(1, 40, seed=1)
    assert one.low < 0.05
    assert one.high > 0.95
    for numbers in ((0, 40), (40, 0)):
        with pytest.raises(RunRefusedError, match="E_FOLD_DEGENERATE"):
            null_interval(*numbers, seed=1)


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

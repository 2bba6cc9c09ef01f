"""Metrics equal those of scikit-learn, and a performance has intervals over patients."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, precision_score, recall_score, roc_auc_score

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.metrics import arrays, measure
from idh_tasks.learning.performance import assess
from tests.factories import scores


def random_scores(seed: int) -> list[HeldOutScore]:
    rng = np.random.default_rng(seed)
    return scores(list(rng.beta(3, 2, 17)), list(rng.beta(2, 3, 83)))


@pytest.mark.parametrize("seed", range(5))
def test_the_columns_of_table_1(seed: int) -> None:
    own = random_scores(seed)
    mutant, probability = arrays(own)
    metrics, predicted = measure(own), probability >= 0.5
    assert metrics.accuracy == pytest.approx(accuracy_score(mutant, predicted), abs=1e-12)
    assert metrics.sensitivity == pytest.approx(recall_score(mutant, predicted), abs=1e-12)
    assert metrics.specificity == pytest.approx(recall_score(~mutant, ~predicted), abs=1e-12)
    assert metrics.loss == pytest.approx(log_loss(mutant, probability), abs=1e-12)
    assert metrics.auc == pytest.approx(roc_auc_score(mutant, probability), abs=1e-12)
    assert assess(own, 1).auc.value == pytest.approx(metrics.auc, abs=1e-12)


def test_an_interval_contains_the_estimate_and_is_repeatable() -> None:
    auc = assess(random_scores(1), seed=3).auc
    assert auc.low < auc.value < auc.high
    assert auc == assess(random_scores(1), seed=3).auc


def test_scores_of_one_class_have_no_auc() -> None:
    with pytest.raises(RunRefusedError) as caught:
        measure(scores([], [0.2, 0.4]))
    assert caught.value.code == "E_FOLD_DEGENERATE"


@pytest.mark.parametrize("seed", range(5))
def test_the_predictive_values_are_precisions(seed: int) -> None:
    own = random_scores(seed)
    mutant, probability = arrays(own)
    metrics, predicted = measure(own), probability >= 0.5
    assert metrics.ppv == pytest.approx(precision_score(mutant, predicted))
    assert metrics.npv == pytest.approx(precision_score(~mutant, ~predicted))


def test_without_a_predicted_mutant_there_is_no_positive_predictive_value() -> None:
    metrics = measure(scores([0.3, 0.2], [0.1, 0.2]))
    assert metrics.ppv is None
    assert metrics.npv == 0.5


def test_a_softmax_in_single_precision_that_is_rounded_beyond_one_is_measured() -> None:
    rounded = scores([1 + 5e-7, 0.9], [0.1, -5e-7])
    assert assess(rounded, 1).brier == pytest.approx(assess(scores([1.0, 0.9], [0.1, 0.0]), 1).brier)

"""Metrics equal those of scikit-learn, and a performance has intervals over patients."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, recall_score, roc_auc_score

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.learning_curves import exponential, fit_learning_curve, fit_mean_curve
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


def test_the_parameters_of_an_exponential_are_recovered() -> None:
    epochs = np.linspace(1, 500, 50)
    fit = fit_learning_curve(epochs, exponential(epochs, 1.2, 0.02, 0.4))
    assert fit is not None
    np.testing.assert_allclose(fit, (1.2, 0.02, 0.4), rtol=1e-3)


def test_the_mean_curve_ends_where_the_first_fold_stopped_early() -> None:
    epochs = np.linspace(1, 500, 50)
    losses = exponential(epochs, 1.2, 0.02, 0.4)
    whole = [(int(epoch), float(loss)) for epoch, loss in zip(epochs, losses, strict=True)]
    assert fit_mean_curve([whole, whole[:30]]) == fit_mean_curve([whole[:30], whole[:30]])
    assert fit_mean_curve([whole, whole[:1]]) is None

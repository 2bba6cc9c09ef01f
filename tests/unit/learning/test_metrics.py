"""Metrics are those of scikit-learn, with intervals over patients."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, recall_score, roc_auc_score

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.intervals import auc_interval
from idh_tasks.learning.metrics import (
    arrays,
    exponential,
    fit_learning_curve,
    measure,
)
from tests.factories import scores


def random_scores(seed: int) -> list[HeldOutScore]:
    rng = np.random.default_rng(seed)
    return scores(list(rng.beta(3, 2, 17)), list(rng.beta(2, 3, 83)))


@pytest.mark.parametrize("seed", range(5))
def test_the_columns_of_table_1(seed: int) -> None:
    given = random_scores(seed)
    mutant, probability = arrays(given)
    found, called = measure(given), probability >= 0.5
    assert found.accuracy == pytest.approx(accuracy_score(mutant, called), abs=1e-12)
    assert found.sensitivity == pytest.approx(recall_score(mutant, called), abs=1e-12)
    assert found.specificity == pytest.approx(recall_score(~mutant, ~called), abs=1e-12)
    assert found.loss == pytest.approx(log_loss(mutant, probability), abs=1e-12)
    assert found.auc == pytest.approx(roc_auc_score(mutant, probability), abs=1e-12)
    assert auc_interval(given, 1).value == pytest.approx(found.auc, abs=1e-12)


def test_an_interval_holds_the_estimate_and_is_repeatable() -> None:
    found = auc_interval(random_scores(1), seed=3)
    assert found.low < found.value < found.high
    assert found == auc_interval(random_scores(1), seed=3)


def test_one_class_has_no_auc() -> None:
    with pytest.raises(RunRefusedError) as caught:
        measure(scores([], [0.2, 0.4]))
    assert caught.value.code == "E_FOLD_DEGENERATE"


def test_a_planted_exponential_is_found() -> None:
    epochs = np.linspace(1, 500, 50)
    fit = fit_learning_curve(epochs, exponential(epochs, 1.2, 0.02, 0.4))
    assert fit is not None
    np.testing.assert_allclose(fit, (1.2, 0.02, 0.4), rtol=1e-3)

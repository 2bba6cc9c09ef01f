"""Every setting of learning takes part in a whole run, each value together with each value of every other setting."""

from itertools import combinations, product
from typing import Any

import pytest

from idh_tasks.db import results
from idh_tasks.domain.learning import Scheme, Selection
from idh_tasks.domain.performance import Performance
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import TransientError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import batch
from idh_tasks.pipelines.train import freeze, promotion, sequence, twin_search
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.settings import LearningSettings
from tests.database import run_sql
from tests.pairwise import pairwise_rows
from tests.seed import seed_cohort

VALUES: dict[str, tuple[Any, ...]] = {
    "epochs": (2, 4),
    "batch_size": (64, 5),
    "learning_rate": (3e-3, 1e-4),
    "filters": ((2,), (2, 3)),
    "dense": ((3,), ()),
    "folds": (2, 3),
    "repetitions": (1, 2),
    "scheme": (Scheme.STRATIFIED, Scheme.REPEATED),
    "min_mutants": (None, 2),
    "seed": (20200, 0),
    "select": (Selection.LAST, Selection.INNER),
    "patience": (50, 1),
    "checkpoint_every": (25, 1),
    "provenance": ("computed", "mixed", "vendor"),
    "retrain_after_new_cases": (20, 1),
    "retrain_after_affected": (1, 5),
    "site_prevalence": (None, 0.3),
    "promotion_floor": (0.0, 0.5),
    "baseline_margin": (1.0, 0.05),
    "promotion_margin": (0.0, 1.0),
    "calibration_margin": (0.03, 1.0),
    "relabelled_share": (0.03, 1.0),
    "locked_looks": (4, 0),
    "shrunk_share": (0.5, 1.0),
}
"""The values of each setting, the first one being the default or a small one."""
APART = {"device": ("any",), "locked_share": (0.0, 0.3)}
"""A GPU is asked for in a test of its own. Once there is a locked set, it keeps its share."""
# A study that loses a patch is to be prepared again, unless the others are stored once more.
KEEP_TWO = """
DELETE FROM idh.patch WHERE sequence NOT IN ('T1', 'RCBV');
UPDATE idh.patch SET settings_hash = settings_hash
"""


def test_every_setting_has_values_to_be_tried() -> None:
    assert set(VALUES) | set(APART) == set(LearningSettings.model_fields)


def test_every_pair_of_values_is_in_a_row() -> None:
    rows = pairwise_rows(VALUES)
    for one, other in combinations(VALUES, 2):
        assert {(row[one], row[other]) for row in rows} == set(product(VALUES[one], VALUES[other]))
    assert len(rows) <= 12


@pytest.mark.parametrize("locked_share", APART["locked_share"])
def test_a_run_with_any_settings_ends_with_a_report_a_judgement_and_predictions(
    platform: Platform, locked_share: float
) -> None:
    seed_cohort(platform, mutants=26, wildtypes=26)
    run_sql(platform, KEEP_TWO)
    rows = pairwise_rows(VALUES)
    for row in rows[::4] if locked_share else rows:
        whole_run(_with(platform, LearningSettings(**row, locked_share=locked_share)))


def whole_run(platform: Platform) -> None:
    """Train, report, judge, promote and predict once."""
    settings = platform.settings.learning
    due = freeze.freeze_cohort(platform, force=True)
    assert due.run_id is not None, due.reason
    twin_search.search_twins(platform, due.run_id)
    of = MrSequence.T1 if settings.provenance == "vendor" else MrSequence.RCBV
    assert sequence.train_sequence(platform, due.run_id, of) == "trained"
    with platform.database.begin() as transaction:
        outcome = results.of_run(transaction, due.run_id)[of].outcome
        folds = results.folds(transaction, due.run_id)[of]
    assert isinstance(outcome, Performance)
    assert len(folds) >= settings.folds
    assert all(1 <= len(fold.curve) <= settings.epochs for fold in folds)
    assert of in platform.store.get(evaluate(platform, due.run_id)).decode()
    judgement = promotion.judge_challengers(platform, due.run_id)
    promoted = promotion.promote(platform, due.run_id, judgement)
    assert set(promoted) == set(judgement["eligible"])
    assert batch.predict(platform) == (52 if promoted else 0)


def test_a_gpu_that_is_asked_for_and_missing_is_said(platform: Platform) -> None:
    seed_cohort(platform, mutants=6, wildtypes=8)
    asked = _with(platform, LearningSettings(epochs=1, folds=2, device="gpu"))
    due = freeze.freeze_cohort(asked, force=True)
    assert due.run_id is not None
    twin_search.search_twins(asked, due.run_id)
    with pytest.raises(TransientError, match="E_GPU"):
        sequence.train_sequence(asked, due.run_id, MrSequence.T1)


def _with(platform: Platform, learning: LearningSettings) -> Platform:
    return Platform(platform.settings.model_copy(update={"learning": learning}))

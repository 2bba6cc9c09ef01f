"""Training, promotion and prediction on the real database and store, with few patients and epochs."""

import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError

from idh_tasks.db import datasets, results, training
from idh_tasks.domain.learning import HeldOutScore, Performance
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.calibration import apply_temperature, logit
from idh_tasks.learning.folds import locked_patients
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import batch
from idh_tasks.pipelines.train import freeze, promotion, sequence
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.settings import LearningSettings
from tests.database import run_sql
from tests.seed import seed_cohort

TINY = LearningSettings(epochs=25, learning_rate=3e-3, retrain_after_new_cases=3)

PREDICTIONS = "SELECT probability_mutant, calibrated, temperature FROM idh.prediction JOIN idh.model USING (model_id)"
NOT_TRAINED_ON = "SELECT t.patient_key FROM idh.prediction JOIN idh.study AS t USING (study_id) WHERE NOT in_training"
CHANGE_A_LABEL = """
UPDATE idh.case_link SET idh_status = :status
WHERE patient_key = (SELECT min(patient_key) FROM idh.case_link WHERE idh_status = 'mutant')
"""
INSERT_CHAMPIONS = """
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state)
VALUES ('first', :first, 'T1', 'k', 'h', 'champion'), ('second', :second, 'T1', 'k', 'h', 'champion')
"""


@pytest.fixture
def tiny(platform: Platform) -> Platform:
    return Platform(platform.settings.model_copy(update={"learning": TINY}))


def mark_promoted(platform: Platform, due: freeze.Due) -> None:
    assert due.run_id is not None
    with platform.database.begin() as transaction:
        training.set_promoted(transaction, due.run_id)


def held_out_scores(platform: Platform, run_id: str) -> tuple[list[HeldOutScore], list[HeldOutScore]]:
    """Return the scores of RCBV, out of fold and on the locked set."""
    with platform.database.begin() as transaction:
        by_sequence, locked = results.scores(transaction, run_id), results.locked_scores(transaction, run_id)
        return by_sequence[MrSequence.RCBV], locked[MrSequence.RCBV]


def test_too_few_patients_are_refused_with_the_numbers(tiny: Platform) -> None:
    due = freeze.freeze_cohort(tiny, force=True)
    assert due.run_id is None
    assert "0 of 0" in due.reason
    seed_cohort(tiny, mutants=4, wildtypes=8)
    assert "the rarer class has 4 of 12" in freeze.freeze_cohort(tiny, force=True).reason


def test_a_run_trains_reports_promotes_and_predicts_once(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    due = freeze.freeze_cohort(tiny, force=False)
    assert due.run_id is not None
    assert sequence.train_sequence(tiny, due.run_id, MrSequence.RCBV) == "trained"
    assert sequence.train_sequence(tiny, due.run_id, MrSequence.RCBV) == "already trained"
    with tiny.database.begin() as transaction:
        performance = results.of_run(transaction, due.run_id)[MrSequence.RCBV].outcome
        folds = results.folds(transaction, due.run_id)[MrSequence.RCBV]
    scores, _ = held_out_scores(tiny, due.run_id)
    assert isinstance(performance, Performance)
    assert (performance.n, performance.mutants, len(folds)) == (14, 6, 5)
    assert performance.auc.value > 0.9
    assert len({score.patient_key for score in scores}) == 14
    html = tiny.store.get(evaluate(tiny, due.run_id)).decode()
    assert "RCBV" in html
    assert "<svg" in html
    judgement = promotion.judge_challengers(tiny, due.run_id)
    assert (judgement["eligible"], judgement["sentences"]) == ({"RCBV": None}, ["RCBV: the first champion"])
    assert promotion.promote(tiny, due.run_id, judgement) == ["RCBV"]
    assert promotion.promote(tiny, due.run_id, judgement) == []
    assert [champion.sequence for champion in promotion.champions(tiny)] == [MrSequence.RCBV]
    assert batch.predict(tiny) == 14
    assert batch.predict(tiny) == 0
    probability, calibrated, temperatures = np.array(run_sql(tiny, PREDICTIONS)).T
    assert set(temperatures) != {1.0}
    np.testing.assert_allclose(calibrated, apply_temperature(logit(probability), temperatures[0]))
    assert freeze.freeze_cohort(tiny, force=True).reason == "nothing has changed since the last training"


def test_the_locked_set_is_scored_by_networks_that_were_not_trained_on_it(tiny: Platform) -> None:
    """Pseudonyms differ between installations; with 25 mutants and 30 wild types, each part has both classes."""
    learning = TINY.model_copy(update={"locked_share": 0.3, "folds": 2})
    platform = Platform(tiny.settings.model_copy(update={"learning": learning}))
    seed_cohort(platform, mutants=25, wildtypes=30)
    due = freeze.freeze_cohort(platform, force=False)
    assert due.run_id is not None
    sequence.train_sequence(platform, due.run_id, MrSequence.RCBV)
    scores, locked_scores = held_out_scores(platform, due.run_id)
    held_out, locked = ({s.patient_key for s in some} for some in (scores, locked_scores))
    assert locked == locked_patients(held_out | locked, 0.3) != set()
    assert len(held_out | locked) == 55
    size = f"{len(locked)} ({sum(s.mutant for s in locked_scores)})"
    assert size in platform.store.get(evaluate(platform, due.run_id)).decode()
    promotion.promote(platform, due.run_id, promotion.judge_challengers(platform, due.run_id))
    batch.predict(platform)
    assert {patient for (patient,) in run_sql(platform, NOT_TRAINED_ON)} == locked
    assert freeze.freeze_cohort(tiny, force=True).reason.startswith(
        "E_LOCKED_SET: the locked test set was a share of 0.3"
    )


def test_new_patches_retrain_only_when_there_are_enough(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    mark_promoted(tiny, freeze.freeze_cohort(tiny, force=False))
    seed_cohort(tiny, mutants=1, wildtypes=1, first=50)
    assert freeze.freeze_cohort(tiny, force=False).reason == (
        "2 new cases since the last training, 3 needed, and 0 affected ones, 1 needed"
    )
    assert freeze.freeze_cohort(tiny, force=True).run_id is not None
    seed_cohort(tiny, mutants=1, wildtypes=0, first=70)
    assert freeze.freeze_cohort(tiny, force=False).run_id is not None


@pytest.mark.parametrize("status", ["wildtype", "indeterminate"], ids=["amended", "withdrawn"])
def test_a_changed_label_retrains(tiny: Platform, status: str) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    mark_promoted(tiny, freeze.freeze_cohort(tiny, force=False))
    run_sql(tiny, CHANGE_A_LABEL, status=status)
    assert freeze.freeze_cohort(tiny, force=False).run_id is not None


def test_r01_a_sequence_has_one_champion_at_any_time(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=5, wildtypes=5)
    other_seed = tiny.settings.model_copy(update={"learning": TINY.model_copy(update={"seed": 2})})
    first, second = (freeze.freeze_cohort(platform, force=True).run_id for platform in (tiny, Platform(other_seed)))
    assert first != second
    with pytest.raises(IntegrityError, match="model_one_champion"):
        run_sql(tiny, INSERT_CHAMPIONS, first=first, second=second)
    assert promotion.champions(tiny) == []


def test_provenances_are_not_mixed_by_default(platform: Platform) -> None:
    seed_cohort(platform, mutants=6, wildtypes=6)
    vendor = LearningSettings(provenance="vendor")
    due = freeze.freeze_cohort(Platform(platform.settings.model_copy(update={"learning": vendor})), force=True)
    assert due.run_id is not None
    with platform.database.begin() as transaction:
        sequences = {member.sequence for member in datasets.members(transaction, due.run_id)}
    assert sequences == set(MODEL_SEQUENCES) - {MrSequence.RCBV, MrSequence.ADC}

"""Training, promotion and prediction on the real database and store, with a tiny protocol."""

import numpy as np
import pytest

from idh_tasks.db import training
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.calibration import cooled, logit
from idh_tasks.learning.folds import locked
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import batch
from idh_tasks.pipelines.train import freeze, promotion, sequence
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.settings import LearningSettings
from tests.seed import seed_cohort

TINY = LearningSettings(epochs=25, learning_rate=3e-3, retrain_after_new_cases=3)


@pytest.fixture
def tiny(platform: Platform) -> Platform:
    return Platform(platform.settings.model_copy(update={"learning": TINY}))


def champions(platform: Platform) -> dict[MrSequence, str]:
    with platform.database.begin() as transaction:
        return {model.sequence: model.model_id for model in training.champions(transaction).values()}


def test_too_few_patients_are_refused_with_the_numbers(tiny: Platform) -> None:
    due = freeze.freeze_cohort(tiny, force=True)
    assert due.run_id is None
    assert "0 of 0" in due.reason
    seed_cohort(tiny, mutants=4, wildtypes=8)
    assert "the rarer class has 4 of 12" in freeze.freeze_cohort(tiny, force=True).reason


TOLD = "SELECT probability_mutant, calibrated, temperature FROM idh.prediction JOIN idh.model USING (model_id)"


def test_a_run_trains_reports_promotes_and_predicts_once(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    due = freeze.freeze_cohort(tiny, force=False)
    assert due.run_id is not None
    assert sequence.train_sequence(tiny, due.run_id, MrSequence.RCBV) == "trained"
    assert sequence.train_sequence(tiny, due.run_id, MrSequence.RCBV) == "already trained"
    with tiny.database.begin() as transaction:
        result = training.results(transaction, due.run_id)[MrSequence.RCBV]
        folds = training.folds(transaction, due.run_id)[MrSequence.RCBV]
        scores = training.scores(transaction, due.run_id)[MrSequence.RCBV]
    assert (result.n, result.mutants, len(folds)) == (14, 6, 5)
    assert result.auc is not None
    assert result.auc.value > 0.9
    assert len({score.patient_key for score in scores}) == 14
    html = tiny.store.get(evaluate(tiny, due.run_id)).decode()
    assert "RCBV" in html
    assert "<svg" in html
    seen, told = promotion.challengers(tiny, due.run_id)
    assert (seen, told) == ({"RCBV": None}, ["RCBV: the first champion"])
    assert promotion.promote(tiny, due.run_id, seen) == ["RCBV"]
    assert promotion.promote(tiny, due.run_id, seen) == []
    assert list(champions(tiny)) == [MrSequence.RCBV]
    assert batch.predict(tiny) == 14
    assert batch.predict(tiny) == 0
    with tiny.database.begin() as transaction:
        told = transaction._connection.exec_driver_sql(TOLD).all()
    given, calibrated, temperatures = np.array(told).T
    assert set(temperatures) != {1.0}
    np.testing.assert_allclose(calibrated, cooled(logit(given), temperatures[0]))
    assert freeze.freeze_cohort(tiny, force=True).reason == "nothing has changed since the last training"


def test_the_locked_set_is_scored_by_networks_that_have_not_seen_it(tiny: Platform) -> None:
    """Pseudonyms differ in every installation: of 25 mutants and 30 wild types each part has some."""
    learning = TINY.model_copy(update={"locked_share": 0.3, "folds": 2})
    platform = Platform(tiny.settings.model_copy(update={"learning": learning}))
    seed_cohort(platform, mutants=25, wildtypes=30)
    due = freeze.freeze_cohort(platform, force=False)
    assert due.run_id is not None
    sequence.train_sequence(platform, due.run_id, MrSequence.RCBV)
    with platform.database.begin() as transaction:
        scores = training.scores(transaction, due.run_id)[MrSequence.RCBV]
        kept = training.locked_scores(transaction, due.run_id)[MrSequence.RCBV]
    held_out, away = ({s.patient_key for s in some} for some in (scores, kept))
    assert away == locked(held_out | away, 0.3) != set()
    assert len(held_out | away) == 55
    assert f"{len(away)} ({sum(s.mutant for s in kept)})" in platform.store.get(evaluate(platform, due.run_id)).decode()
    promotion.promote(platform, due.run_id, promotion.challengers(platform, due.run_id)[0])
    batch.predict(platform)
    unseen = "SELECT t.patient_key FROM idh.prediction JOIN idh.study AS t USING (study_id) WHERE NOT in_training"
    with platform.database.begin() as transaction:
        assert set(transaction._connection.exec_driver_sql(unseen).scalars()) == away
    assert freeze.freeze_cohort(tiny, force=True).reason.startswith(
        "E_LOCKED_SET: the locked test set was a share of 0.3"
    )


def test_new_patches_retrain_only_when_there_are_enough(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    first = freeze.freeze_cohort(tiny, force=False)
    assert first.run_id is not None
    with tiny.database.begin() as transaction:
        transaction.run("training/update_training_run", run_id=first.run_id, state="promoted", report_key=None)
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
    first = freeze.freeze_cohort(tiny, force=False)
    with tiny.database.begin() as transaction:
        transaction.run("training/update_training_run", run_id=first.run_id, state="promoted", report_key=None)
        change = f"UPDATE idh.case_link SET idh_status = '{status}' WHERE patient_key = (SELECT min(patient_key) FROM"
        transaction._connection.exec_driver_sql(f"{change} idh.case_link WHERE idh_status = 'mutant')")
    assert freeze.freeze_cohort(tiny, force=False).run_id is not None


def test_r01_a_sequence_has_one_champion_at_any_time(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=5, wildtypes=5)
    due = freeze.freeze_cohort(tiny, force=True)
    columns = "model_id, run_id, sequence, object_key, sha256, state"
    insert = f"INSERT INTO idh.model ({columns}) VALUES (%s, %s, 'T1', 'k', 'h', 'champion')"
    two = [("first", due.run_id), ("second", due.run_id)]
    with pytest.raises(RunRefusedError, match="E_CONSTRAINT"), tiny.database.begin() as transaction:
        transaction._connection.exec_driver_sql(insert, two)
    assert champions(tiny) == {}


def test_provenance_is_not_mixed_unless_told_so(platform: Platform) -> None:
    seed_cohort(platform, mutants=6, wildtypes=6)
    vendor = LearningSettings(provenance="vendor")
    due = freeze.freeze_cohort(Platform(platform.settings.model_copy(update={"learning": vendor})), force=True)
    assert due.run_id is not None
    with platform.database.begin() as transaction:
        found = {member.sequence for member in training.members(transaction, due.run_id)}
    assert found == set(MODEL_SEQUENCES) - {MrSequence.RCBV, MrSequence.ADC}

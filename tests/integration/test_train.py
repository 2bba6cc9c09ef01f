"""Training, promotion and prediction on the real database and store, with few patients and epochs."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from idh_tasks.db import datasets, partitions, results, training
from idh_tasks.domain.learning import Calibration, HeldOutScore, labels_of
from idh_tasks.domain.performance import Performance
from idh_tasks.domain.run_figure import RunFigure
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.calibration import stated_probability
from idh_tasks.learning.folds import folds_of
from idh_tasks.pipelines.pages import training_runs
from idh_tasks.pipelines.pages.progress import running_training
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import batch
from idh_tasks.pipelines.train import freeze, promotion, sequence, twin_search
from idh_tasks.pipelines.train.cost import expected_cost
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.settings import LearningSettings
from tests.database import empty, run_sql
from tests.seed import seed_cohort

TINY = LearningSettings(epochs=25, repetitions=1, learning_rate=3e-3, retrain_after_new_cases=3)

PREDICTIONS = """
SELECT probability_mutant, calibrated, slope, intercept, prevalence
FROM idh.prediction JOIN idh.model USING (model_id)
"""
NOT_TRAINED_ON = "SELECT t.patient_key FROM idh.prediction JOIN idh.study AS t USING (study_id) WHERE NOT in_training"
CHANGE_A_LABEL = """
UPDATE idh.case_link SET idh_status = :status
WHERE patient_key = (SELECT min(patient_key) FROM idh.case_link WHERE idh_status = 'mutant')
"""
LOCKED = "SELECT patient_key FROM idh.held_out_patient WHERE fold = -1"
HELD_OUT = """
SELECT fold, repetition, array_agg(number ORDER BY number)
FROM idh.held_out_patient JOIN unnest(CAST(:patients AS text[])) WITH ORDINALITY AS p (patient_key, number)
    USING (patient_key)
GROUP BY fold, repetition ORDER BY fold
"""
INSERT_CHAMPIONS = """
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state)
VALUES ('first', :first, 'T1', 'k', 'h', 'champion'), ('second', :second, 'T1', 'k', 'h', 'champion')
"""


@pytest.fixture
def tiny(platform: Platform) -> Platform:
    return Platform(platform.settings.model_copy(update={"learning": TINY}))


@pytest.fixture
def forget_key(tiny: Platform) -> Iterator[Callable[[], None]]:
    """Return what makes an empty installation that has no pseudonym key yet; the test leaves one."""

    def forget() -> None:
        empty(tiny)
        run_sql(tiny, "DELETE FROM idh.pseudonym_key")

    yield forget
    forget()


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
    assert twin_search.search_twins(tiny, due.run_id) == 0
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
    check_the_pages_of(tiny, due.run_id)
    judgement = promotion.judge_challengers(tiny, due.run_id)
    assert judgement["eligible"] == {"RCBV": None}
    assert judgement["sentences"][1].startswith("**rCBV: accepted**, the first champion")
    assert "majority class: AUC 0." in judgement["sentences"][-1]
    assert "switched off" not in "".join(judgement["sentences"])
    assert promotion.promote(tiny, due.run_id, judgement) == ["RCBV"]
    assert promotion.promote(tiny, due.run_id, judgement) == []
    assert [champion.sequence for champion in promotion.champions(tiny)] == [MrSequence.RCBV]
    assert batch.predict(tiny) == 14
    assert batch.predict(tiny) == 0
    probability, calibrated, slope, intercept, prevalence = np.array(run_sql(tiny, PREDICTIONS)).T
    assert intercept[0] != 0
    assert prevalence[0] == pytest.approx(6 / 14)
    np.testing.assert_allclose(calibrated, stated_probability(probability, Calibration(slope[0], intercept[0])))
    assert freeze.freeze_cohort(tiny, force=True).reason == "nothing has changed since the last training"


def check_the_pages_of(platform: Platform, run_id: str) -> None:
    """Check what the pages show of a run that has been evaluated."""
    run = training_runs.training_run(platform, run_id)
    assert run is not None
    assert (run.patients, run.mutants, run.trained) == (14, 6, [MrSequence.RCBV])
    shown = training_runs.reported(platform, run)
    assert shown is not None
    [row] = shown.sequences
    assert (row.sequence, row.n, len(row.folds), row.refused) == (MrSequence.RCBV, 14, 5, None)
    assert "baseline: majority class" in {comparison.name for comparison in shown.comparisons}
    drawn = {name: training_runs.figure(platform, run, name) for name in RunFigure}
    assert all(svg is not None and svg.startswith(b"<svg") for svg in drawn.values())


def test_the_locked_set_is_scored_by_networks_that_were_not_trained_on_it(tiny: Platform) -> None:
    learning = TINY.model_copy(update={"locked_share": 0.3, "folds": 2})
    platform = Platform(tiny.settings.model_copy(update={"learning": learning}))
    seed_cohort(platform, mutants=25, wildtypes=30)
    due = freeze.freeze_cohort(platform, force=False)
    assert due.run_id is not None
    twin_search.search_twins(platform, due.run_id)
    sequence.train_sequence(platform, due.run_id, MrSequence.RCBV)
    scores, locked_scores = held_out_scores(platform, due.run_id)
    held_out, locked = ({s.patient_key for s in some} for some in (scores, locked_scores))
    assert not locked & held_out
    assert {True, False} == {s.mutant for s in locked_scores}
    assert len(held_out | locked) == 55
    assert {patient for (patient,) in run_sql(platform, LOCKED)} == locked
    size = f"{len(locked)} ({sum(s.mutant for s in locked_scores)})"
    assert size in platform.store.get(evaluate(platform, due.run_id)).decode()
    promotion.promote(platform, due.run_id, promotion.judge_challengers(platform, due.run_id))
    batch.predict(platform)
    assert {patient for (patient,) in run_sql(platform, NOT_TRAINED_ON)} == locked
    seed_cohort(platform, mutants=10, wildtypes=10, first=60)
    assert freeze.freeze_cohort(platform, force=True).run_id is not None
    decided = {patient for (patient,) in run_sql(platform, "SELECT patient_key FROM idh.locked_decision WHERE locked")}
    assert decided & (held_out | locked) == locked < decided
    assert run_sql(platform, "SELECT count(*) FROM idh.locked_decision") == [(75,)]
    assert freeze.freeze_cohort(tiny, force=True).reason.startswith(
        "E_LOCKED_SET: the locked test set was a share of 0.3"
    )


def test_each_repetition_has_its_folds_scores_and_progress(tiny: Platform) -> None:
    learning = TINY.model_copy(update={"folds": 2, "repetitions": 2, "epochs": 10})
    platform = Platform(tiny.settings.model_copy(update={"learning": learning}))
    seed_cohort(platform, mutants=6, wildtypes=8)
    due = freeze.freeze_cohort(platform, force=False)
    assert due.run_id is not None
    assert "30 networks of 10 epochs" in due.reason
    assert "unknown" in due.reason
    twin_search.search_twins(platform, due.run_id)
    sequence.train_sequence(platform, due.run_id, MrSequence.RCBV)
    with platform.database.begin() as transaction:
        folds = results.folds(transaction, due.run_id)[MrSequence.RCBV]
        labels = labels_of(datasets.members(transaction, due.run_id))
        kept = partitions.of_run(transaction, due.run_id, labels)
        cost = expected_cost(transaction, learning, {MrSequence.RCBV: 14})
    scores, _ = held_out_scores(platform, due.run_id)
    assert [(fold.fold, fold.repetition) for fold in folds] == [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert sorted((s.patient_key, s.repetition) for s in scores) == sorted((p, r) for p in labels for r in (0, 1))
    assert kept is not None
    assert list(kept.folds) == folds_of(labels, learning)
    assert {(fold.number, p) for fold in kept.folds for p in fold.test} == {(s.fold, s.patient_key) for s in scores}
    assert [fold.name for fold in running_training(platform).folds] == [
        "repetition 1, fold 1", "repetition 1, fold 2", "repetition 2, fold 1", "repetition 2, fold 2", "final network"
    ]  # fmt: skip
    assert list(platform.store.listed(f"checkpoints/{due.run_id}/")) == []
    assert "at the pace of the last trainings (CPU)" in cost
    assert "<svg" in platform.store.get(evaluate(platform, due.run_id)).decode()


def test_installations_with_other_pseudonyms_freeze_the_same_folds(
    tiny: Platform, forget_key: Callable[[], None]
) -> None:
    learning = TINY.model_copy(update={"locked_share": 0.2, "repetitions": 2})
    frozen = []
    for key in ("the pseudonym key of one hospital, long enough", "and that of another hospital, long enough too"):
        forget_key()
        platform = Platform(tiny.settings.model_copy(update={"learning": learning, "pseudonym_key": SecretStr(key)}))
        seed_cohort(platform, mutants=20, wildtypes=20)
        assert freeze.freeze_cohort(platform, force=True).run_id is not None
        patients = [platform.pseudonymiser.patient("H", f"{number}") for number in range(40)]
        frozen.append(run_sql(platform, HELD_OUT, patients=patients))
    assert frozen[0] == frozen[1]
    assert len(frozen[0]) == 11


def test_too_few_changes_are_counted_without_reading_the_members(
    tiny: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    mark_promoted(tiny, freeze.freeze_cohort(tiny, force=False))
    seed_cohort(tiny, mutants=1, wildtypes=1, first=50)
    monkeypatch.delattr(datasets, "eligible_members")
    assert freeze.freeze_cohort(tiny, force=False) == freeze.Due(
        None, "since the last training: new cases 2 of 3 needed, affected cases 0 of 1 needed"
    )


def test_new_patches_retrain_only_when_there_are_enough(tiny: Platform) -> None:
    seed_cohort(tiny, mutants=6, wildtypes=8)
    mark_promoted(tiny, freeze.freeze_cohort(tiny, force=False))
    seed_cohort(tiny, mutants=1, wildtypes=1, first=50)
    assert freeze.freeze_cohort(tiny, force=False).reason == (
        "since the last training: new cases 2 of 3 needed, affected cases 0 of 1 needed"
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

"""Runs of an earlier version keep their folds, their settings and their locked set."""

import re
from hashlib import sha256

import pytest

from idh_tasks.db import datasets, partitions, training
from idh_tasks.domain.learning import labels_of
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze
from idh_tasks.pipelines.train.partitions import partition_of
from idh_tasks.settings import SQL, LearningSettings
from tests.database import run_sql
from tests.integration.test_promotion import trained
from tests.seed import seed_cohort

MIGRATION = SQL / "migrations" / "0031_repetitions.sql"
HELD_OUT = "SELECT fold, repetition, patient_key FROM idh.held_out_patient ORDER BY 1, 2, 3"
DECISIONS = "SELECT patient_key, locked FROM idh.locked_decision ORDER BY 1"


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=20, wildtypes=20)
    return platform


def migrated(platform: Platform, beginning: str) -> None:
    """Run the statement of the migration that begins so."""
    [statement] = re.findall(rf"^{re.escape(beginning)}.*?;$", MIGRATION.read_text(), re.MULTILINE | re.DOTALL)
    run_sql(platform, statement)


def test_the_locked_set_of_earlier_runs_stays_locked(cohort: Platform) -> None:
    """It was chosen by a hash of the pseudonym."""
    learning = LearningSettings(locked_share=0.3)
    due = freeze.freeze_cohort(Platform(cohort.settings.model_copy(update={"learning": learning})), force=True)
    assert due.run_id is not None
    by_images = run_sql(cohort, DECISIONS)
    run_sql(cohort, "DELETE FROM idh.locked_decision")
    migrated(cohort, "INSERT INTO idh.locked_decision")
    by_pseudonym = run_sql(cohort, DECISIONS)
    expected = [(p, int.from_bytes(sha256(p.encode()).digest()[:8]) < 0.3 * 2**64) for p, _ in by_images]
    assert by_pseudonym == expected != by_images
    with cohort.database.begin() as transaction:
        assert sorted(partitions.locked_decisions(transaction).items()) == expected


def test_the_folds_of_earlier_runs_are_those_of_their_scores(cohort: Platform) -> None:
    run_id = trained(cohort, seed=1)
    run_sql(cohort, "DELETE FROM idh.held_out_patient")
    migrated(cohort, "INSERT INTO idh.held_out_patient")
    with cohort.database.begin() as transaction:
        labels = labels_of(datasets.members(transaction, run_id))
        kept = partitions.of_run(transaction, run_id, labels)
    assert kept is not None
    assert [(fold.number, fold.train, fold.test) for fold in kept.folds] == [(0, (), tuple(labels))]
    assert kept.locked == frozenset()


def test_earlier_runs_had_one_repetition(cohort: Platform) -> None:
    run_id = trained(cohort, seed=1)
    run_sql(cohort, "UPDATE idh.training_run SET settings = settings - 'repetitions'")
    migrated(cohort, "UPDATE idh.training_run")
    with cohort.database.begin() as transaction:
        run = training.get_run(transaction, run_id)
    assert run is not None
    assert LearningSettings.model_validate(run.settings).repetitions == 1


def test_a_run_without_folds_gets_those_that_follow_from_its_dataset(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=False)
    assert due.run_id is not None
    before = run_sql(cohort, HELD_OUT)
    run_sql(cohort, "DELETE FROM idh.held_out_patient")
    with cohort.database.begin() as transaction:
        run = training.get_run(transaction, due.run_id)
        assert run is not None
        partition_of(transaction, run, datasets.members(transaction, due.run_id))
    assert run_sql(cohort, HELD_OUT) == before
    assert len(before) == 3 * 40

"""Champions change whole or not at all: killed, raced, rolled back; one worker trains a sequence at a time."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.db import training
from idh_tasks.db.training import FoldResult, SequenceResult
from idh_tasks.domain.learning import HeldOutScore, Interval, ModelRecord
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import IdhError, RunRefusedError, TransientError
from idh_tasks.learning.checkpoints import Progress
from idh_tasks.learning.metrics import measure
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze, promotion, sequence
from idh_tasks.pipelines.train.dataset_arrays import unpack
from idh_tasks.pipelines.train.lease import TrainingLog
from idh_tasks.settings import LearningSettings
from tests.seed import seed_cohort


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=6, wildtypes=8)
    return platform


def trained(platform: Platform, seed: int) -> str:
    """Record a run with a model of every sequence, as if it had been trained, and return its id."""
    learning = LearningSettings(seed=seed)
    due = freeze.freeze_cohort(Platform(platform.settings.model_copy(update={"learning": learning})), force=True)
    assert due.run_id is not None
    with platform.database.begin() as transaction:
        members = training.members(transaction, due.run_id)
        for sequence in MODEL_SEQUENCES:
            own = [m for m in members if m.sequence is sequence]
            scores = [HeldOutScore(m.patient_key, 0, m.mutant, *[0.8 if m.mutant else 0.2] * 2) for m in own]
            result = SequenceResult(sequence, len(own), 6, auc=Interval(1.0, 0.9, 1.0), brier=0.04)
            folds = [FoldResult(0, measure(scores), ((1, 0.5),))]
            model = ModelRecord(f"{due.run_id[:16]}{sequence}", due.run_id, sequence, "key", "hash")
            training.save_result(transaction, due.run_id, result, folds, scores, (model, 1.0, {}))
    return due.run_id


def champions(platform: Platform) -> dict[str, str]:
    return {model["sequence"]: model["run_id"] for model in promotion.champions(platform)}


def test_r01_killed_a_hundred_times_each_sequence_has_one_champion_and_all_are_of_one_run(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    seen, _ = promotion.challengers(cohort, runs[0])
    promotion.promote(cohort, runs[0], seen)
    moments = random.Random(5)
    reached: Counter[str] = Counter()
    for _ in range(100):
        before = set(champions(cohort).values())
        challenger = runs[1] if before == {runs[0]} else runs[0]
        seen, _ = promotion.challengers(cohort, challenger)
        child = os.fork()
        if child == 0:
            promotion.promote(Platform(cohort.settings), challenger, seen)
            os._exit(0)
        time.sleep(moments.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = champions(cohort)
        assert set(after) == set(MODEL_SEQUENCES)
        assert len(set(after.values())) == 1
        reached["new" if set(after.values()) == {challenger} else "old"] += 1
    assert min(reached["new"], reached["old"]) > 0, f"the kills came always too early or too late: {reached}"


def test_r02_of_two_promotions_at_once_one_wins_and_the_other_is_stale(cohort: Platform) -> None:
    first, *rivals = (trained(cohort, seed) for seed in (1, 2, 3))
    seen, _ = promotion.challengers(cohort, first)
    promotion.promote(cohort, first, seen)
    for _ in range(50):
        present = next(iter(champions(cohort).values()))
        racing = [run for run in (first, *rivals) if run != present]
        judged = {run: promotion.challengers(cohort, run)[0] for run in racing}
        ends: list[str] = []

        def race(run: str, seen: promotion.Champions, ends: list[str] = ends) -> None:
            try:
                promotion.promote(Platform(cohort.settings), run, seen)
                ends.append(run)
            except IdhError as error:
                ends.append(error.code)

        threads = [threading.Thread(target=race, args=item) for item in judged.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ends.count("E_STALE") == 1
        [winner] = [end for end in ends if end != "E_STALE"]
        assert champions(cohort) == dict.fromkeys(map(str, MODEL_SEQUENCES), winner)


def test_r08_one_call_goes_back_and_nothing_of_the_history_is_lost(
    cohort: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda: cohort)
    runs = [trained(cohort, seed) for seed in (1, 2)]
    for run in runs:
        promotion.promote(cohort, run, promotion.challengers(cohort, run)[0], "mary")
    started = time.monotonic()
    done = CliRunner().invoke(cli, ["learn", "rollback", "RCBV", "--by", "mary"])
    assert done.exit_code == 0
    assert time.monotonic() - started < 60
    assert champions(cohort) == dict.fromkeys(map(str, MODEL_SEQUENCES), runs[1]) | {"RCBV": runs[0]}
    told = CliRunner().invoke(cli, ["learn", "history", "RCBV", "--json"]).stdout.splitlines()
    rows = [json.loads(line) for line in told]
    assert [row["action"] for row in rows] == ["rolled back", "promoted", "promoted"]
    assert {row["actor"] for row in rows} == {"mary"}
    assert "RCBV" in CliRunner().invoke(cli, ["learn", "champion"]).stdout
    with pytest.raises(RunRefusedError, match="E_NO_CHAMPION"):
        promotion.rollback(Platform(cohort.settings), MrSequence.OTHER, "mary")


def test_t09_a_patch_that_changes_after_the_cohort_was_frozen_is_not_learnt_from(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    with cohort.database.begin() as transaction:
        members = [m for m in training.members(transaction, due.run_id) if m.sequence is MrSequence.T1]
    before = unpack(cohort, due.run_id, MrSequence.T1, members)
    assert len(before) == len(members) == 14
    cohort.store.put(members[0].object_key, b"other pixels")
    np.testing.assert_equal(unpack(cohort, due.run_id, MrSequence.T1, members), before)
    with pytest.raises(IdhError, match="E_HASH"):
        freeze.freeze_cohort(cohort, force=True)


def test_t09_a_dataset_that_was_changed_since_it_was_frozen_is_refused_by_its_hash(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    with cohort.database.begin() as transaction:
        pack = training.pack_of(transaction, due.run_id, MrSequence.T1)
    assert pack is not None
    cohort.store.put(pack.object_key, b"other pixels")
    with pytest.raises(IdhError, match="E_HASH"):
        sequence.train_sequence(cohort, due.run_id, MrSequence.T1)


def test_t10_while_one_worker_trains_a_sequence_another_is_turned_away(cohort: Platform, tmp_path: Path) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    first, second = (TrainingLog(cohort.settings, due.run_id, "T1", holder) for holder in ("one", "two"))
    first.take(cohort)
    first.save(0, Progress(25, 0.5, (), []))
    with pytest.raises(TransientError, match="E_LEASE"):
        sequence.train_sequence(cohort, due.run_id, MrSequence.T1, "two")
    with cohort.database.begin() as transaction:
        connection = transaction._connection
        watched = connection.exec_driver_sql("SELECT sequence, fold, epoch FROM idh.training_progress").all()
        connection.exec_driver_sql("UPDATE idh.training_lease SET expires_at = now() - interval '1 s'")
    assert watched == [("T1", 0, 25)]
    second.take(cohort)
    with pytest.raises(TransientError, match="E_LEASE"):
        first.save(0, Progress(50, 0.4, (), []))


def test_t11_a_cohort_that_has_lost_half_its_patients_is_not_trained_on(cohort: Platform) -> None:
    seed_cohort(cohort, mutants=10, wildtypes=14, first=100)
    run = trained(cohort, 1)
    promotion.promote(cohort, run, promotion.challengers(cohort, run)[0])
    with cohort.database.begin() as transaction:
        lost = "DELETE FROM idh.case_link WHERE report_key NOT IN (SELECT 'report' || n FROM generate_series(0, 13) n)"
        transaction._connection.exec_driver_sql(lost)
    assert freeze.freeze_cohort(cohort, force=True).reason.startswith("E_DATASET_SHRUNK: 14 labelled patients, 38")

"""Champions change all together or not at all: killed, raced, rolled back; one worker trains a sequence at a time."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.db import datasets, models, results, shards
from idh_tasks.domain.approval import Approval
from idh_tasks.domain.learning import UNCALIBRATED, FoldResult, HeldOutScore, ModelRecord, SequenceResult
from idh_tasks.domain.performance import Interval, Performance
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import IdhError, RunRefusedError, TransientError
from idh_tasks.learning.checkpoints import Checkpoint
from idh_tasks.learning.metrics import measure
from idh_tasks.pipelines.operate.withdrawal import roll_back
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze, promotion, sequence, twin_search
from idh_tasks.pipelines.train.dataset_arrays import unpacked
from idh_tasks.pipelines.train.lease import TrainingLease
from idh_tasks.settings import LearningSettings
from tests.database import run_sql
from tests.seed import seed_cohort

PROGRESS = "SELECT sequence, fold, epoch FROM idh.training_progress"
EXPIRE_LEASES = "UPDATE idh.training_lease SET expires_at = now() - interval '1 s'"
REMOVE_CASES = "DELETE FROM idh.case_link WHERE report_key NOT IN (SELECT 'report' || n FROM generate_series(0, 13) n)"


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=6, wildtypes=8)
    return platform


def trained(platform: Platform, seed: int) -> str:
    """Record a run with a model of every sequence, as if it had been trained; return its id."""
    learning = LearningSettings(seed=seed)
    due = freeze.freeze_cohort(Platform(platform.settings.model_copy(update={"learning": learning})), force=True)
    assert due.run_id is not None
    with platform.database.begin() as transaction:
        members = datasets.members(transaction, due.run_id)
        for sequence in MODEL_SEQUENCES:
            own = [m for m in members if m.sequence is sequence]
            stated = {True: 0.8, False: 0.2}
            scores = [HeldOutScore(m.patient_key, 0, m.mutant, stated[m.mutant], stated[m.mutant]) for m in own]
            result = SequenceResult(sequence, Performance(len(own), 6, Interval(1.0, 0.9, 1.0), brier=0.04))
            folds = [FoldResult(0, measure(scores), ((1, 0.5),))]
            model = ModelRecord(f"{due.run_id[:16]}{sequence}", due.run_id, sequence, "key", "hash")
            results.save(transaction, due.run_id, result, folds, scores)
            models.register(transaction, model, UNCALIBRATED, {})
    return due.run_id


def judge_and_promote(platform: Platform, run_id: str, actor: str = "auto") -> None:
    judgement = judged(platform, run_id)
    promotion.promote(platform, run_id, judgement, approved(judgement, actor=actor))


def approved(judgement: promotion.Judgement, *sequences: str, actor: str = "mary", comment: str = "") -> Approval:
    """Return the approval of some sequences, or of all that are eligible."""
    return Approval(actor, judgement["digest"], frozenset(sequences or judgement["eligible"]), comment)


def judged(platform: Platform, run_id: str) -> promotion.Judgement:
    return promotion.judge_challengers(platform, run_id)


def champions(platform: Platform) -> dict[str, str]:
    return {model.sequence: model.run_id for model in promotion.champions(platform)}


def test_r01_after_each_of_a_hundred_kills_all_sequences_have_champions_of_one_run(
    cohort: Platform,
) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    judge_and_promote(cohort, runs[1])
    started = time.monotonic()
    judge_and_promote(cohort, runs[0])
    duration = time.monotonic() - started
    moments = random.Random(5)
    outcomes: Counter[str] = Counter()
    for _ in range(100):
        before = set(champions(cohort).values())
        challenger = runs[1] if before == {runs[0]} else runs[0]
        judgement = judged(cohort, challenger)
        child = os.fork()
        if child == 0:
            promotion.promote(Platform(cohort.settings), challenger, judgement)
            os._exit(0)
        time.sleep(moments.uniform(0, 1.5 * duration))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = champions(cohort)
        assert set(after) == set(MODEL_SEQUENCES)
        assert len(set(after.values())) == 1
        outcomes["new" if set(after.values()) == {challenger} else "old"] += 1
    assert min(outcomes["new"], outcomes["old"]) > 0, f"all kills were too early or too late: {outcomes}"


def test_r02_of_two_concurrent_promotions_one_wins_and_the_other_is_stale(cohort: Platform) -> None:
    first, *rivals = (trained(cohort, seed) for seed in (1, 2, 3))
    judge_and_promote(cohort, first)
    for _ in range(50):
        present = next(iter(champions(cohort).values()))
        racing = [run for run in (first, *rivals) if run != present]
        judgements = {run: judged(cohort, run) for run in racing}
        ends: list[str] = []

        def race(run: str, judgement: promotion.Judgement, ends: list[str] = ends) -> None:
            try:
                promotion.promote(Platform(cohort.settings), run, judgement)
                ends.append(run)
            except IdhError as error:
                ends.append(error.code)

        threads = [threading.Thread(target=race, args=item) for item in judgements.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ends.count("E_STALE") == 1
        [winner] = [end for end in ends if end != "E_STALE"]
        assert champions(cohort) == dict.fromkeys(map(str, MODEL_SEQUENCES), winner)


def test_r08_one_call_rolls_back_and_the_history_is_complete(cohort: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: cohort)
    runs = [trained(cohort, seed) for seed in (1, 2)]
    for run in runs:
        judge_and_promote(cohort, run, "mary")
    started = time.monotonic()
    done = CliRunner().invoke(cli, ["learn", "rollback", "RCBV", "--by", "mary"])
    assert done.exit_code == 0
    assert time.monotonic() - started < 60
    assert champions(cohort) == dict.fromkeys(map(str, MODEL_SEQUENCES), runs[1]) | {"RCBV": runs[0]}
    lines = CliRunner().invoke(cli, ["learn", "history", "RCBV", "--json"]).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["action"] for row in rows] == ["rolled back", "promoted", "promoted"]
    assert {row["actor"] for row in rows} == {"mary"}
    assert "RCBV" in CliRunner().invoke(cli, ["learn", "champion"]).stdout
    with pytest.raises(RunRefusedError, match="E_NO_CHAMPION"):
        roll_back(Platform(cohort.settings), MrSequence.OTHER, "mary")


def test_an_approval_counts_only_for_the_networks_and_figures_that_were_shown(cohort: Platform) -> None:
    first, second = (trained(cohort, seed) for seed in (1, 2))
    shown = judged(cohort, first)
    assert judged(cohort, first) == shown
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        promotion.promote(cohort, second, judged(cohort, second), approved(shown))
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        promotion.promote(cohort, second, shown, approved(shown))
    run_sql(cohort, "UPDATE idh.model SET sha256 = 'another' WHERE sequence = 'T1'")
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        promotion.promote(cohort, first, shown, approved(shown))
    assert champions(cohort) == {}
    run_sql(cohort, "UPDATE idh.model SET sha256 = 'hash' WHERE sequence = 'T1'")
    assert len(promotion.promote(cohort, first, shown, approved(shown))) == len(MODEL_SEQUENCES)


def test_only_approved_networks_are_promoted_and_the_others_keep_the_comment(cohort: Platform) -> None:
    run = trained(cohort, 1)
    judgement = judged(cohort, run)
    decided = approved(judgement, "ADC", "T1", comment="the others have too few mutants")
    for promoted in (["ADC", "T1"], []):
        assert sorted(promotion.promote(cohort, run, judgement, decided)) == promoted
    assert champions(cohort) == {"ADC": run, "T1": run}
    events = promotion.history(cohort)
    assert {e.sequence.value for e in events if e.action == "promoted"} == {"ADC", "T1"}
    assert sorted(e.sequence.value for e in events if e.action == "not approved") == ["FLAIR", "MPRAGE", "RCBV", "T2"]
    assert {(e.actor, e.detail["comment"]) for e in events} == {("mary", "the others have too few mutants")}


def test_a_later_approval_promotes_what_was_left_and_replaces_no_champion_of_the_run(cohort: Platform) -> None:
    run = trained(cohort, 1)
    judgement = judged(cohort, run)
    promotion.promote(cohort, run, judgement, approved(judgement, "ADC"))
    assert promotion.promote(cohort, run, judgement, approved(judgement, "T2", actor="john")) == ["T2"]
    assert champions(cohort) == {"ADC": run, "T2": run}


def test_nothing_is_promoted_if_one_of_the_chosen_networks_is_stale_and_the_others_do_not_matter(
    cohort: Platform,
) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2, 3)]
    for run in runs[:2]:
        judge_and_promote(cohort, run)
    judgement = judged(cohort, runs[2])
    roll_back(cohort, MrSequence.T1, "mary")
    with pytest.raises(RunRefusedError, match="E_STALE"):
        promotion.promote(cohort, runs[2], judgement, approved(judgement, "ADC", "T1"))
    assert runs[2] not in champions(cohort).values()
    assert promotion.promote(cohort, runs[2], judgement, approved(judgement, "ADC")) == ["ADC"]


def test_r08_after_a_rollback_an_earlier_approval_does_not_promote(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2, 3)]
    for run in runs[:2]:
        judge_and_promote(cohort, run)
    shown = judged(cohort, runs[2])
    roll_back(cohort, MrSequence.T1, "mary")
    with pytest.raises(RunRefusedError, match="E_STALE"):
        promotion.promote(cohort, runs[2], shown, approved(shown))


def test_t09_a_patch_that_changes_after_the_cohort_was_frozen_does_not_affect_the_training(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    with cohort.database.begin() as transaction:
        members = [m for m in datasets.members(transaction, due.run_id) if m.sequence is MrSequence.T1]
    with unpacked(cohort, due.run_id, MrSequence.T1, members) as patches:
        before = dict(patches)
    assert len(before) == len(members) == 14
    cohort.store.put(members[0].object_key, b"other pixels")
    with unpacked(cohort, due.run_id, MrSequence.T1, members) as patches:
        np.testing.assert_equal(dict(patches), before)
    assert freeze.freeze_cohort(cohort, force=True).run_id == due.run_id


def test_t09_a_patch_that_is_not_the_one_that_was_cut_is_never_packed(cohort: Platform) -> None:
    [(key,)] = run_sql(cohort, "SELECT object_key FROM idh.patch WHERE sequence = 'T1' ORDER BY patch_id LIMIT 1")
    cohort.store.put(key, b"other pixels")
    with pytest.raises(IdhError, match="E_HASH"):
        freeze.freeze_cohort(cohort, force=True)


def test_t09_a_dataset_that_changed_after_it_was_frozen_is_refused_by_its_hash(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    twin_search.search_twins(cohort, due.run_id)
    with cohort.database.begin() as transaction:
        place = shards.places(transaction, due.run_id, MrSequence.T1)[0]
    cohort.store.put(place.object_key, b"other pixels")
    with pytest.raises(IdhError, match="E_HASH"):
        sequence.train_sequence(cohort, due.run_id, MrSequence.T1)


def test_t10_while_one_worker_trains_a_sequence_another_one_is_refused(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    twin_search.search_twins(cohort, due.run_id)
    first, second = (TrainingLease(cohort.settings, due.run_id, MrSequence.T1, name) for name in ("one", "two"))
    first.take(cohort)
    first.save(0, Checkpoint(25, 0.5, (), []))
    with pytest.raises(TransientError, match="E_LEASE"):
        sequence.train_sequence(cohort, due.run_id, MrSequence.T1, "two")
    assert run_sql(cohort, PROGRESS) == [("T1", 0, 25)]
    run_sql(cohort, EXPIRE_LEASES)
    second.take(cohort)
    with pytest.raises(TransientError, match="E_LEASE"):
        first.save(0, Checkpoint(50, 0.4, (), []))


def test_t11_a_cohort_that_has_lost_half_its_patients_is_not_trained_on(cohort: Platform) -> None:
    seed_cohort(cohort, mutants=10, wildtypes=14, first=100)
    run = trained(cohort, 1)
    judge_and_promote(cohort, run)
    run_sql(cohort, REMOVE_CASES)
    assert freeze.freeze_cohort(cohort, force=True).reason.startswith("E_DATASET_SHRUNK: 14 labelled patients, 38")

"""The page of models: champion beside challenger, the verdict, a running training, and what follows a rollback."""

import re
from typing import Any

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.db import results, training
from idh_tasks.domain.learning import Comparison, RuleOff
from idh_tasks.domain.performance import Interval, Performance
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.checkpoints import Checkpoint
from idh_tasks.pipelines.pages.networks import Networks, SequenceRow, networks
from idh_tasks.pipelines.pages.progress import running_training
from idh_tasks.pipelines.pages.training_runs import reported, training_run, training_runs
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze, promotion
from idh_tasks.pipelines.train.lease import TrainingLease
from idh_tasks.settings import LearningSettings
from tests.database import run_sql
from tests.integration.test_promotion import EXPIRE_LEASES, approved, judge_and_promote, judged, trained
from tests.seed import seed_cohort

MUTANTS, WILDTYPES = 6, 8
BASELINE = Comparison(
    "baseline: majority class",
    Performance(MUTANTS + WILDTYPES, MUTANTS, Interval(0.5, 0.5, 0.5), brier=0.25, ece=0.07),
)
BETTER = Performance(MUTANTS + WILDTYPES, MUTANTS, Interval(0.7, 0.5, 0.9), brier=0.2, ece=0.07)
PREDICT_OTHERWISE = """
UPDATE idh.held_out_score SET probability_mutant = 1 - probability_mutant
WHERE run_id = :run_id AND sequence = 'ADC' AND patient_key IN (
    SELECT patient_key FROM idh.held_out_score WHERE run_id = :run_id AND sequence = 'ADC' AND mutant ORDER BY 1 LIMIT 4
)
"""


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, MUTANTS, WILDTYPES)
    return platform


def row(found: Networks, sequence: MrSequence) -> SequenceRow:
    return next(row for row in found.rows if row.sequence is sequence)


def html(platform: Platform, **values: Any) -> str:
    """Return the page as it is rendered."""
    shown = {
        "question": None,
        "withdraw": "",
        "withdrawn": "",
        "problem": "",
        "most_characters": 500,
        "may": bool,
    } | values
    template = ENVIRONMENT.get_template("models.html.j2")
    read = {"found": networks(platform), "training": running_training(platform), "runs": training_runs(platform, 1)}
    return template.render(base="/idh", query="", **read | shown)


def words(platform: Platform, **values: Any) -> str:
    """Return the text of the page."""
    return " ".join(re.sub(r"<[^>]*>", "", html(platform, **values)).split())


def test_an_empty_page_says_what_would_be_here(platform: Platform) -> None:
    shown = html(platform)
    for text in ("No network has been trained yet", "No network is being trained", "Each training run appears here"):
        assert text in shown


def test_champion_and_challenger_are_side_by_side_with_absolute_figures_and_the_verdict(cohort: Platform) -> None:
    first, second = (trained(cohort, seed) for seed in (1, 2))
    judge_and_promote(cohort, first)
    run_sql(cohort, PREDICT_OTHERWISE, run_id=second)
    with cohort.database.begin() as transaction:
        results.save_comparison(transaction, second, BASELINE)
    judgement = judged(cohort, second)
    found = networks(cohort)
    adc, t1 = row(found, MrSequence.ADC), row(found, MrSequence.T1)
    assert adc.champion is not None
    assert adc.challenger is not None
    assert (adc.champion.run_id, adc.challenger.run_id, adc.challenger.accepted) == (first, second, False)
    assert (adc.challenger.compared, adc.challenger.changed, adc.challenger.relabelled) == (14, 4, 0)
    assert adc.challenger.verdict is not None
    assert "(W_WORSE: AUC -0.667 [-1.000, " in adc.challenger.verdict
    assert t1.challenger is not None
    assert (t1.challenger.accepted, t1.challenger.changed, t1.challenger.decision) == (True, 0, None)
    assert found.digest == judgement["digest"]
    assert [baseline.name for baseline in found.baselines if baseline.run_id == second] == ["baseline: majority class"]
    assert found.behind_a_baseline == []
    assert "majority class" in html(cohort)
    text = next(sentence for sentence in judgement["sentences"] if sentence.startswith("**ADC: refused"))
    assert "champion: AUC 1.00 [0.90, 1.00], 14 patients (6 mutant), Brier score of the outputs 0.040" in text
    assert "changes for 4 of 14 patients" in text
    assert "majority class: AUC 0.50 [0.50, 0.50]" in judgement["sentences"][-1]


def test_a_champion_that_a_baseline_beats_is_named(cohort: Platform) -> None:
    run = trained(cohort, 1)
    judge_and_promote(cohort, run)
    with cohort.database.begin() as transaction:
        results.save_comparison(transaction, run, Comparison("baseline: better than chance", BETTER))
    run_sql(cohort, "UPDATE idh.sequence_result SET auc = 0.6 WHERE sequence IN ('ADC', 'T1')")
    assert networks(cohort).behind_a_baseline == [MrSequence.T1, MrSequence.ADC]
    assert "The best baseline has a higher AUC than the champion of T1, ADC." in html(cohort)


OFF = "Not a full test. The promotion floor is switched off (IDH_LEARNING__PROMOTION_FLOOR=0)"


def test_a_network_that_was_judged_without_the_floor_is_not_taken_for_one_that_passed(cohort: Platform) -> None:
    relaxed = LearningSettings(promotion_floor=0, baseline_margin=1)
    demo = Platform(cohort.settings.model_copy(update={"learning": relaxed}))
    first = trained(cohort, 1)
    run_sql(cohort, "UPDATE idh.sequence_result SET auc = 0.4, auc_low = 0.2")
    judge_and_promote(demo, first)
    beside = words(cohort)
    assert beside.count(OFF) == len(MODEL_SEQUENCES), "once for each network: the challenger is the champion"
    assert beside.count("The comparison with baselines is switched off") == len(MODEL_SEQUENCES)
    judged(cohort, trained(cohort, 2))
    assert words(cohort).count(OFF) == len(MODEL_SEQUENCES), "beside each champion, not beside the later verdict"
    found = networks(cohort)
    assert {rule for r in found.rows if r.challenger for rule in r.challenger.switched_off} == set()
    assert {tuple(r.champion.switched_off) for r in found.rows if r.champion} == {tuple(RuleOff)}


def test_a_network_that_passed_the_whole_test_is_shown_without_a_reservation(cohort: Platform) -> None:
    judge_and_promote(cohort, trained(cohort, 1))
    assert "Not a full test" not in words(cohort)


FOUND = """
UPDATE idh.sequence_result
SET checks = '[{"name": "outline", "auc": 0.9, "p_value": 0.0001, "code": "W_CONTROL"}, {"name": "noise", "auc": 0.5,
    "p_value": 0.6, "code": null}]'
WHERE run_id = :run_id AND sequence = 'ADC'
"""


def test_findings_of_the_checks_for_leaks_stand_beside_the_verdict_with_the_way_to_them(cohort: Platform) -> None:
    first = trained(cohort, 1)
    run_sql(cohort, FOUND, run_id=first)
    judge_and_promote(cohort, first)
    finding = "W_CONTROL outline: AUC 0.90, p = 0.0001 Checks for leaks of the run"
    assert words(cohort).count(finding) == 1, "the challenger is the champion"
    assert f'href="/idh/models/runs/{first}#checks"' in html(cohort)
    judged(cohort, trained(cohort, 2))
    assert words(cohort).count(finding) == 1, "beside the champion, not beside the verdict about the later network"
    assert "noise: AUC" not in words(cohort)


def test_the_champion_keeps_verdict_approver_and_baselines_when_a_newer_run_is_there(cohort: Platform) -> None:
    first = trained(cohort, 1)
    with cohort.database.begin() as transaction:
        results.save_comparison(transaction, first, BASELINE)
    judgement = judged(cohort, first)
    promotion.promote(cohort, first, judgement, approved(judgement, "T1", comment="sharper"))
    trained(cohort, 2)
    assert "Approved by mary" in words(cohort)
    assert "“sharper”" in words(cohort)
    assert f"in run {first[:8]}, of which the champions of T1 are:" in words(cohort)
    assert "majority class" in words(cohort)


def test_a_champion_is_compared_with_the_baselines_of_its_own_run(cohort: Platform) -> None:
    first = trained(cohort, 1)
    judge_and_promote(cohort, first)
    run_sql(cohort, "UPDATE idh.sequence_result SET auc = 0.6")
    with cohort.database.begin() as transaction:
        results.save_comparison(transaction, trained(cohort, 2), Comparison("baseline: of others", BETTER))
    assert networks(cohort).behind_a_baseline == []


def test_what_was_decided_is_on_the_page_with_name_and_comment(cohort: Platform) -> None:
    run = trained(cohort, 1)
    judgement = judged(cohort, run)
    decided = approved(judgement, "T1", comment="wait for <more> mutants")
    promotion.promote(cohort, run, judgement, decided)
    found = networks(cohort)
    assert {r.sequence.value: r.challenger.decision for r in found.rows if r.challenger} == {
        s.value: "approved" if s is MrSequence.T1 else "not approved" for s in MODEL_SEQUENCES
    }
    assert "wait for &lt;more&gt; mutants" in html(cohort)


def test_a_judgement_that_is_repeated_keeps_what_was_decided(cohort: Platform) -> None:
    run = trained(cohort, 1)
    promotion.promote(cohort, run, judged(cohort, run), approved(judged(cohort, run), "T1"))
    run_sql(cohort, "UPDATE idh.model SET state = 'challenger', promoted_at = NULL")
    judged(cohort, run)
    assert {r.challenger.decision for r in networks(cohort).rows if r.challenger} == {"approved", "not approved"}


def test_a_running_training_shows_epochs_and_the_curve_of_each_fold(cohort: Platform) -> None:
    due = freeze.freeze_cohort(cohort, force=True)
    assert due.run_id is not None
    waits = words(cohort)
    assert f"Run {due.run_id[:8]} is open since " in waits
    assert "waits for its first epoch: epochs are recorded every 25. Each sequence needs 16 networks" in waits
    assert "No network is being trained" not in waits
    lease = TrainingLease(cohort.settings, due.run_id, MrSequence.T1, "one")
    lease.take(cohort)
    for epoch, loss in ((25, 0.8), (50, 0.6), (75, float("nan")), (50, 0.4)):
        lease.save(0, Checkpoint(epoch, loss, (), []))
    [fold] = running_training(cohort).folds
    assert (fold.epoch, fold.epochs, fold.running, fold.finished) == (50, 500, True, False)
    assert fold.curve == ((25, 0.8), (50, 0.4)), "a resumed training continues at its checkpoint"
    assert running_training(cohort).highest == 0.8
    assert fold.points(0.8) == "6.0,1.0 12.0,15.0"
    assert "T1 trains now; 1 of 16 networks have recorded an epoch, 15 are to come" in words(cohort)
    assert "No epoch of T2, FLAIR, MPRAGE, rCBV, ADC is recorded yet." in words(cohort)
    run_sql(cohort, EXPIRE_LEASES)
    assert "no worker trains it at the moment" in html(cohort)
    with cohort.database.begin() as transaction:
        training.set_evaluated(transaction, due.run_id, "key")
    assert running_training(cohort).folds == []


def test_earlier_runs_are_listed_and_a_report_that_is_not_there_is_missed(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    judge_and_promote(cohort, runs[1])
    listed = training_runs(cohort, 1).rows
    assert [run.run_id for run in listed] == runs[::-1]
    assert (listed[0].patients, listed[0].mutants, len(listed[0].champions)) == (14, 6, len(MODEL_SEQUENCES))
    assert reported(cohort, listed[0]) is None
    assert training_run(cohort, "0" * 24) is None

"""The gate over several training runs: the best champion so far, a drift, and how often the locked set is looked at."""

import pytest

from idh_tasks.db import judgements
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.operate.withdrawal import roll_back
from idh_tasks.pipelines.pages.networks import networks
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import promotion
from idh_tasks.settings import LearningSettings
from tests.database import run_sql
from tests.integration.test_models_page import html, row
from tests.integration.test_promotion import champions, judge_and_promote, judged, trained
from tests.seed import seed_cohort

MISS_TWO_MUTANTS = """
UPDATE idh.held_out_score SET probability_mutant = 1 - probability_mutant
WHERE run_id = :run_id AND sequence = 'ADC' AND patient_key IN (
    SELECT patient_key FROM idh.held_out_score WHERE run_id = :run_id AND sequence = 'ADC' AND mutant
    ORDER BY 1 LIMIT 2 OFFSET :first
)
"""
COPY_TO_LOCKED = """
INSERT INTO idh.locked_score (run_id, sequence, patient_key, mutant, probability_mutant, calibrated)
SELECT run_id, sequence, patient_key, mutant, probability_mutant, calibrated FROM idh.held_out_score
"""
BASELINES = "SELECT count(*) FROM idh.comparison_result WHERE run_id = :run_id AND name LIKE 'baseline: %'"
AS_GOOD_AS_CHANCE = "UPDATE idh.sequence_result SET auc = 0.6, auc_low = 0.4 WHERE sequence = 'ADC'"
LOOKS = "SELECT run_id FROM idh.locked_look"


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=6, wildtypes=8)
    return platform


def slightly_worse(platform: Platform, seed: int, first: int) -> str:
    """Record a run whose network of ADC misses two mutants, which may be chance; return its id."""
    run = trained(platform, seed)
    run_sql(platform, MISS_TWO_MUTANTS, run_id=run, first=first)
    return run


def best(platform: Platform) -> str:
    with platform.database.begin() as transaction:
        found = judgements.best_champion(transaction, MrSequence.ADC)
    assert found is not None
    return found.run_id


def test_the_first_champion_needs_evidence_and_the_baselines_are_there_when_it_is_judged(cohort: Platform) -> None:
    run = trained(cohort, 1)
    run_sql(cohort, AS_GOOD_AS_CHANCE)
    judgement = judged(cohort, run)
    assert set(judgement["eligible"]) == {s.value for s in MODEL_SEQUENCES} - {"ADC"}
    assert run_sql(cohort, BASELINES, run_id=run) != [(0,)]
    [text] = [sentence for sentence in judgement["sentences"] if sentence.startswith("**ADC: refused**")]
    assert "(E_NO_SIGNAL: AUC 0.60, lower bound 0.40; the lower bound must exceed 0.5)" in text


def test_a_champion_that_is_not_better_beyond_chance_does_not_become_the_standard(cohort: Platform) -> None:
    first = trained(cohort, 1)
    judge_and_promote(cohort, first)
    second = slightly_worse(cohort, 2, first=0)
    judge_and_promote(cohort, second)
    assert champions(cohort)["ADC"] == second
    assert best(cohort) == first
    roll_back(cohort, MrSequence.ADC, "mary")
    assert best(cohort) == first


def test_small_losses_bring_the_best_champion_back(cohort: Platform) -> None:
    first = trained(cohort, 1)
    judge_and_promote(cohort, first)
    for seed in (2, 3):
        judge_and_promote(cohort, slightly_worse(cohort, seed, first=2 * (seed - 2)))
    judgement = judged(cohort, slightly_worse(cohort, 4, first=4))
    assert "ADC" in judgement["eligible"]
    [text] = [sentence for sentence in judgement["sentences"] if sentence.startswith("**ADC: refused**")]
    assert "W_DRIFT" in text
    assert "the best champion so far, becomes champion again" in text
    assert "is proposed instead" in html(cohort, may=lambda _: False)
    assert row(networks(cohort), MrSequence.ADC).champion is not None
    for _ in range(2):
        promotion.promote(cohort, judgement["run_id"], judgement)
        assert champions(cohort)["ADC"] == first
        assert champions(cohort)["T1"] == judgement["run_id"]


def test_a_champion_that_was_withdrawn_is_no_standard(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    for run in runs:
        judge_and_promote(cohort, run)
    assert best(cohort) == runs[0]
    roll_back(cohort, MrSequence.ADC, "mary")
    roll_back(cohort, MrSequence.ADC, "mary")
    assert champions(cohort)["ADC"] == runs[1]
    assert best(cohort) == runs[1]


def test_the_locked_set_decides_for_a_few_runs_a_year_and_then_the_out_of_fold_scores(cohort: Platform) -> None:
    learning = LearningSettings(locked_looks=1)
    limited = Platform(cohort.settings.model_copy(update={"learning": learning}))
    runs = [trained(cohort, seed) for seed in (1, 2, 3)]
    run_sql(cohort, COPY_TO_LOCKED)
    judge_and_promote(limited, runs[0])
    assert run_sql(cohort, LOOKS) == [], "the first champion is compared with none"
    texts = {run: "".join(judged(limited, run)["sentences"]) for run in runs[1:]}
    assert run_sql(cohort, LOOKS) == [(runs[1],)]
    assert "(locked test set, 14 patients" in texts[runs[1]]
    assert "(out of fold, 14 patients" in texts[runs[2]]
    assert "(locked test set, 14 patients" in "".join(judged(limited, runs[1])["sentences"]), "one look, shown again"

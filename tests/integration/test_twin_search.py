"""A training run is searched once for patients who have the same image, and each of its sequences reads the result."""

from collections.abc import Iterator

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import results, shards
from idh_tasks.domain.learning import RefusedSequence
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.pipelines.train.freeze import freeze_cohort
from idh_tasks.pipelines.train.sequence import train_sequence
from idh_tasks.pipelines.train.twin_search import search_twins
from tests.database import run_sql
from tests.integration.test_erasure import mentions
from tests.seed import seed_cohort
from tests.twins import SHOWN_IN, make_twins

PAIRS = "SELECT sequence, patient_key, other_key FROM idh.twin_pair ORDER BY 1"
EVIDENCE = "SELECT min(similarity), max(similarity) FROM idh.twin_pair"
FORGET = "UPDATE idh.training_run SET twins_searched_at = NULL"


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=6, wildtypes=8)
    return platform


@pytest.fixture
def twins(cohort: Platform) -> list[str]:
    """Return two patients of the cohort who have the same image in two of six sequences."""
    return make_twins(cohort)


def frozen(platform: Platform) -> str:
    due = freeze_cohort(platform, force=True)
    assert due.run_id is not None, due.reason
    return due.run_id


def refusals(platform: Platform, run_id: str) -> Iterator[tuple[MrSequence, str]]:
    with platform.database.begin() as transaction:
        for sequence, result in results.of_run(transaction, run_id).items():
            assert isinstance(result.outcome, RefusedSequence)
            assert result.outcome.refusal.code is Code.E_LEAKAGE
            yield sequence, result.outcome.refusal.reason


def destroy_packs(platform: Platform, run_id: str) -> None:
    with platform.database.begin() as transaction:
        packed = [place for s in MODEL_SEQUENCES for place in shards.places(transaction, run_id, s)]
    for key in {place.object_key for place in packed}:
        platform.store.put(key, b"other pixels")


def test_t05_the_search_keeps_each_pair_with_its_sequences_and_evidence(cohort: Platform, twins: list[str]) -> None:
    assert search_twins(cohort, frozen(cohort)) == 1
    found = [(sequence, sorted(pair)) for sequence, *pair in run_sql(cohort, PAIRS)]
    assert found == [(sequence, twins) for sequence in SHOWN_IN]
    [(low, high)] = run_sql(cohort, EVIDENCE)
    assert 0.5 < low <= high <= 1.001


def test_t05_every_sequence_is_refused_because_of_one_search_and_names_both_patients(
    cohort: Platform, twins: list[str]
) -> None:
    run_id = frozen(cohort)
    search_twins(cohort, run_id)
    destroy_packs(cohort, run_id)  # no sequence compares images
    assert {train_sequence(cohort, run_id, sequence) for sequence in MODEL_SEQUENCES} == {"E_LEAKAGE"}
    reasons = dict(refusals(cohort, run_id))
    assert set(reasons) == set(MODEL_SEQUENCES)
    assert all(patient in reason for reason in reasons.values() for patient in twins)
    assert (
        "pairs of patients with the same image: 1 (in ADC, T1)" in cohort.store.get(evaluate(cohort, run_id)).decode()
    )


@pytest.mark.usefixtures("twins")
def test_a_repeated_search_compares_nothing_and_returns_the_same(cohort: Platform) -> None:
    run_id = frozen(cohort)
    first, pairs = search_twins(cohort, run_id), run_sql(cohort, PAIRS)
    destroy_packs(cohort, run_id)
    assert search_twins(cohort, run_id) == first == 1
    assert run_sql(cohort, PAIRS) == pairs


def test_a_dataset_that_is_frozen_again_keeps_its_search(cohort: Platform) -> None:
    run_id = frozen(cohort)
    assert search_twins(cohort, run_id) == 0
    searched = run_sql(cohort, "SELECT twins_searched_at FROM idh.training_run")
    assert frozen(cohort) == run_id
    assert run_sql(cohort, "SELECT twins_searched_at FROM idh.training_run") == searched != [(None,)]


def test_a_run_without_a_search_is_refused_by_name_and_nothing_is_recorded(cohort: Platform) -> None:
    run_id = frozen(cohort)
    with pytest.raises(RunRefusedError, match="E_NOT_SEARCHED"):
        train_sequence(cohort, run_id, MrSequence.T1)
    assert run_sql(cohort, "SELECT 1 FROM idh.sequence_result UNION SELECT 1 FROM idh.training_lease") == []


@pytest.mark.usefixtures("twins")
def test_the_report_of_a_run_without_a_search_says_so(cohort: Platform) -> None:
    run_id = frozen(cohort)
    search_twins(cohort, run_id)
    train_sequence(cohort, run_id, MrSequence.T1)
    run_sql(cohort, FORGET)
    assert "not on record that patients were compared" in cohort.store.get(evaluate(cohort, run_id)).decode()


def test_h12_no_pair_and_no_reason_names_a_patient_who_withdrew(cohort: Platform, twins: list[str]) -> None:
    run_id = frozen(cohort)
    search_twins(cohort, run_id)
    train_sequence(cohort, run_id, MrSequence.T1)
    erased = erasure.erase(cohort, twins[0], "mary")
    assert erased.rows["pairs with the same image"] == len(SHOWN_IN)
    assert mentions(cohort, twins[0]) <= {"idh.erasure", "idh.audit_event"}
    assert run_sql(cohort, PAIRS) == []
    assert dict(refusals(cohort, run_id))[MrSequence.T1].endswith("one of them has withdrawn since")
    assert train_sequence(cohort, run_id, MrSequence.ADC) == "E_DATASET_ERASED"

"""Whether two patients with the same image are one is a question to a person, whose answer later trainings heed."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from idh_tasks.db import datasets
from idh_tasks.domain.review import DIFFERENT_PATIENTS, LEAVE_OPEN, SAME_PATIENT, ReviewKind
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.pages.study import study
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.review.reopening import reopen
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.pipelines.train.freeze import freeze_cohort
from idh_tasks.pipelines.train.promotion import judge_challengers, promote
from idh_tasks.pipelines.train.sequence import train_sequence
from idh_tasks.pipelines.train.twin_questions import told_apart
from idh_tasks.pipelines.train.twin_search import search_twins
from tests.database import run_sql
from tests.integration.test_erasure import mentions
from tests.integration.test_promotion import approved, trained
from tests.seed import seed_cohort
from tests.twins import SHOWN_IN, make_twins

APART = "SELECT run_id, apart_by FROM idh.twin_pair"
QUESTIONS = "SELECT moot, answer FROM idh.review WHERE kind = 'same_image'"
WITHOUT_LABEL = "UPDATE idh.case_link SET idh_status = 'indeterminate' WHERE patient_key = :patient"


@pytest.fixture
def pair(platform: Platform) -> list[str]:
    """Return two patients of a cohort who have the same image."""
    seed_cohort(platform, mutants=6, wildtypes=8)
    return make_twins(platform)


def frozen(platform: Platform) -> str:
    due = freeze_cohort(platform, force=True)
    assert due.run_id is not None, due.reason
    return due.run_id


def searched(platform: Platform) -> str:
    """Freeze and search what is due, and return the run."""
    run_id = frozen(platform)
    search_twins(platform, run_id)
    return run_id


def given(platform: Platform, option: str) -> str:
    """Answer the only open question and return its id."""
    [asked] = questions.claim_reviews(platform)
    assert answers.record_answer(platform, asked["shown"], option, "mary")
    return questions.review_id_of(asked["shown"])


def refused(platform: Platform) -> str:
    """Let a whole run be refused because of the pair, and return it."""
    run_id = searched(platform)
    assert {train_sequence(platform, run_id, sequence) for sequence in MODEL_SEQUENCES} == {"E_LEAKAGE"}
    evaluate(platform, run_id)
    assert judge_challengers(platform, run_id)["eligible"] == {}
    return run_id


def test_a_pair_that_is_found_is_asked_about_once_with_both_images(platform: Platform, pair: list[str]) -> None:
    run_id = searched(platform)
    search_twins(platform, run_id)
    [asked] = questions.claim_reviews(platform)
    assert asked["options"] == [DIFFERENT_PATIENTS, SAME_PATIENT, LEAVE_OPEN]
    [row] = waiting.waiting(platform, 1).rows
    assert (row.review.kind, row.review.subject) == (ReviewKind.SAME_IMAGE, " ".join(pair))
    assert all(patient[:8] in asked["subject"] for patient in pair)
    patients, alike = row.text.facts["patients"], row.text.facts["same image in"]
    assert isinstance(patients, list)
    assert isinstance(alike, list)
    assert [one["patient"] for one in patients] == pair
    assert {one["sequence"] for one in alike} == {sequence.written for sequence in SHOWN_IN}
    picture = waiting.picture(platform, row.review.review_id)
    assert picture is not None
    assert Image.open(BytesIO(picture)).width == 1200
    assert f"/idh/review/{row.review.review_id}/picture.png" in asked["body"]


def test_the_question_is_on_the_pages_of_both_studies_and_leads_to_them(platform: Platform, pair: list[str]) -> None:
    searched(platform)
    [row] = waiting.waiting(platform, 1).rows
    found = waiting.question(platform, row.review.review_id)
    assert found is not None
    studies = {
        study for (study,) in run_sql(platform, "SELECT study_id FROM idh.study WHERE patient_key = ANY(:p)", p=pair)
    }
    assert len(studies) == 2
    assert set(found.beside.studies) == studies
    for study_id in studies:
        page = study(platform, study_id)
        assert page is not None
        assert [question.review_id for question in page.questions] == [row.review.review_id]


@pytest.mark.usefixtures("pair")
def test_two_different_patients_are_not_reported_by_the_next_run(platform: Platform) -> None:
    first = refused(platform)
    review_id = given(platform, DIFFERENT_PATIENTS)
    second = frozen(platform)
    assert second != first, "the search of the first run would be kept"
    assert search_twins(platform, second) == 0
    assert set(run_sql(platform, APART)) == {(first, None), (second, review_id)}
    assert questions.claim_reviews(platform) == []
    assert run_sql(platform, QUESTIONS) == [(False, DIFFERENT_PATIENTS)]


@pytest.mark.usefixtures("pair")
def test_an_answer_does_not_change_what_a_searched_run_has_found(platform: Platform) -> None:
    run_id = searched(platform)
    given(platform, DIFFERENT_PATIENTS)
    assert search_twins(platform, run_id) == 1
    assert train_sequence(platform, run_id, MrSequence.T1) == "E_LEAKAGE"
    assert "same image: 1 (in ADC, T1); no network" in platform.store.get(evaluate(platform, run_id)).decode()


@pytest.mark.usefixtures("pair")
def test_an_answer_counts_for_a_run_that_is_frozen_and_not_searched_yet(platform: Platform) -> None:
    searched(platform)
    waits = trained(platform, seed=7)
    given(platform, DIFFERENT_PATIENTS)
    assert search_twins(platform, waits) == 0


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("option", [None, SAME_PATIENT])
def test_one_patient_refuses_the_training_by_name_again(platform: Platform, option: str | None) -> None:
    refused(platform)
    if option:
        given(platform, option)
    due = freeze_cohort(platform, force=True)
    assert (due.run_id, due.reason.partition(":")[0]) == (None, "E_LEAKAGE")


def test_an_answer_is_about_both_patients_with_the_patches_that_were_shown(platform: Platform, pair: list[str]) -> None:
    run_id = searched(platform)
    given(platform, DIFFERENT_PATIENTS)
    with platform.database.begin() as transaction:
        members = datasets.members(transaction, run_id)
        assert list(told_apart(transaction, members)) == [" ".join(pair)]
        for patient in pair:
            others = [member for member in members if member.patient_key != patient]
            changed = [replace(member, sha256="other") for member in members if member.patient_key == patient]
            assert told_apart(transaction, others) == told_apart(transaction, [*others, *changed]) == {}


@pytest.mark.usefixtures("pair")
def test_taken_back_the_pair_refuses_the_training_again_and_is_asked_about(platform: Platform) -> None:
    refused(platform)
    review_id = given(platform, DIFFERENT_PATIENTS)
    second = searched(platform)
    reopen(platform, review_id, "tom", "the same scar")
    with pytest.raises(RunRefusedError, match="E_LEAKAGE"):
        train_sequence(platform, second, MrSequence.T1)
    assert run_sql(platform, "SELECT 1 FROM idh.sequence_result WHERE run_id = :run", run=second) == []
    assert freeze_cohort(platform, force=True).reason.startswith("E_LEAKAGE")
    assert given(platform, DIFFERENT_PATIENTS) == review_id
    third = frozen(platform)
    assert third != second
    assert search_twins(platform, third) == 0


@pytest.mark.usefixtures("pair")
def test_no_network_is_promoted_after_the_answer_was_taken_back(platform: Platform) -> None:
    searched(platform)
    review_id = given(platform, DIFFERENT_PATIENTS)
    run_id = trained(platform, seed=7)
    assert search_twins(platform, run_id) == 0
    judgement = judge_challengers(platform, run_id)
    assert judgement["eligible"]
    reopen(platform, review_id, "tom", "the same scar")
    with pytest.raises(RunRefusedError, match="E_LEAKAGE"):
        promote(platform, run_id, judgement, approved(judgement))
    with pytest.raises(RunRefusedError, match="E_LEAKAGE"):
        judge_challengers(platform, run_id)
    assert run_sql(platform, "SELECT 1 FROM idh.model WHERE state = 'champion'") == []


def test_a_pair_one_of_whom_left_the_cohort_is_not_asked_about_any_more(platform: Platform, pair: list[str]) -> None:
    searched(platform)
    run_sql(platform, WITHOUT_LABEL, patient=pair[0])
    searched(platform)
    assert run_sql(platform, QUESTIONS) == [(True, None)]
    assert questions.claim_reviews(platform) == []


@pytest.mark.parametrize("who", [0, 1])
def test_h12_question_answer_and_picture_go_with_either_patient(platform: Platform, pair: list[str], who: int) -> None:
    searched(platform)
    given(platform, DIFFERENT_PATIENTS)
    searched(platform)
    [(key,)] = run_sql(platform, "SELECT detail ->> 'picture' FROM idh.review WHERE kind = 'same_image'")
    assert key in {item.key for item in platform.store.listed("studies/")}
    erased = erasure.erase(platform, pair[who], "mary")
    assert key in erased.objects
    assert key not in {item.key for item in platform.store.listed("studies/")}
    assert run_sql(platform, QUESTIONS) == []
    assert mentions(platform, pair[who]) <= {"idh.erasure", "idh.audit_event"}
    answered = "SELECT actor, detail ->> 'answer' FROM idh.audit_event WHERE action = 'answered'"
    assert run_sql(platform, answered) == [("mary", DIFFERENT_PATIENTS)]

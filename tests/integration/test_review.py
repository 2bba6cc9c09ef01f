"""A question that only a person can decide keeps the case out of the cohort until it is answered."""

from datetime import date, timedelta
from typing import Any

import pytest

from idh_tasks.db import cohort as db_cohort
from idh_tasks.domain.review import LEAVE_OPEN
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.link import cohort
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from tests.database import run_sql
from tests.integration.test_link import ISSUER, SURGERY, WILDTYPE, add_study, linked, report

MUTANT = (("IDH1 R132H IHC", "positive"),)
UNCLEAR = (("IDH1 R132H IHC", "weakly so, says Dr Zebedee"),)


def question(platform: Platform) -> questions.Question:
    [claimed] = questions.claim_reviews(platform)
    return claimed


def answer(platform: Platform, option: str, reviewer: str | None = "mary") -> bool:
    return answers.record_answer(platform, question(platform)["shown"], option, reviewer)


def events(platform: Platform) -> list[tuple[str, str]]:
    listing = "SELECT actor, action FROM idh.audit_event WHERE actor IN ('mary', 'review') ORDER BY event_id"
    return [(actor, action) for actor, action in run_sql(platform, listing)]


def test_p04_an_unclear_result_awaits_review_and_the_answer_is_the_label(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    asked = question(platform)
    assert "Zebedee" not in asked["body"]
    assert asked["options"] == ["mutant", "wildtype", "exclude", LEAVE_OPEN]
    assert answers.record_answer(platform, asked["shown"], "mutant", "mary")
    assert linked(platform) == {study: ("OK", True)}
    with platform.database.begin() as transaction:
        assert db_cohort.count_cases(transaction) == {"mutant": 1}
    assert events(platform) == [("mary", "answered")]


@pytest.mark.parametrize("option", ["mutant", "wildtype", "exclude"])
def test_p06_a_reviewer_decides_between_contradicting_reports(platform: Platform, option: str) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report("r1"), report("r2", assays=MUTANT)) == {study: ("E_LABEL_CONFLICT", False)}
    assert answer(platform, option)
    linked(platform)
    labels = run_sql(platform, "SELECT idh_status FROM idh.case_link WHERE chosen")
    assert labels == ([] if option == "exclude" else [(option,)])


def test_a_new_report_version_is_new_evidence_and_is_asked_again(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report("r1"), report("r2", assays=MUTANT))
    answer(platform, "mutant")
    linked(platform)
    assert linked(platform, report("r1", version=2)) == {study: ("E_LABEL_CONFLICT", False)}
    assert question(platform)["options"][0] == "mutant"


def test_l06_two_equally_suitable_studies_await_review(platform: Platform) -> None:
    first, second = (add_study(platform, name, SURGERY) for name in ("one", "two"))
    assert linked(platform, report()) == {first: ("W_AMBIGUOUS", False), second: ("W_AMBIGUOUS", False)}
    assert answer(platform, second)
    assert linked(platform) == {first: ("W_OTHER_CHOSEN", False), second: ("OK", True)}


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(("patient", "issuer"), [("p1", "OTHER"), ("p 001", ISSUER)])
def test_l03_a_near_miss_is_not_linked_unless_a_reviewer_confirms_it(
    platform: Platform, patient: str, issuer: str, same: bool
) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report(patient_id=patient, issuer=issuer)) == {}
    assert answer(platform, "same person" if same else "different persons")
    assert linked(platform) == ({study: ("OK", True)} if same else {})


@pytest.mark.parametrize("changes", [{"birth_date": date(1959, 1, 1)}, {"sex": "M"}, {"patient_id": "p2"}])
def test_a_patient_who_differs_in_more_than_the_spelling_is_not_a_near_miss(
    platform: Platform, changes: dict[str, Any]
) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(**{"patient_id": "p01"} | changes))
    assert questions.claim_reviews(platform) == []


def test_an_unclear_diagnosis_awaits_review(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report(diagnosis="V.a. Glioblastom")) == {study: ("W_DIAGNOSIS_UNCLEAR", False)}
    assert answer(platform, "glioblastoma")
    assert linked(platform) == {study: ("OK", True)}


def test_a_question_is_asked_once_and_without_an_answer_the_case_stays_out(platform: Platform) -> None:
    add_study(platform, "s", SURGERY - timedelta(days=1))
    linked(platform, report(assays=UNCLEAR))
    assert questions.reviews_due(platform)
    asked = question(platform)
    assert questions.claim_reviews(platform) == []
    assert not questions.reviews_due(platform)
    assert not answers.record_answer(platform, asked["shown"], LEAVE_OPEN, None)
    assert not answers.record_answer(platform, asked["shown"], LEAVE_OPEN, "mary")
    assert events(platform) == [("review", "review timed out"), ("mary", "left open")]
    excluded = {code: n for step in cohort.flow(platform).steps for code, n in step.excluded.items()}
    assert excluded == {"W_AWAITING_REVIEW": 1}
    run_sql(platform, "UPDATE idh.review SET asked_at = now() - interval '8 days'")
    assert questions.reviews_due(platform)


def test_an_answer_is_accepted_once_and_only_from_the_options(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    shown = question(platform)["shown"]
    with pytest.raises(RunRefusedError, match="E_REVIEW"):
        answers.record_answer(platform, shown, "perhaps", "mary")
    answers.record_answer(platform, shown, "wildtype", "mary")
    with pytest.raises(RunRefusedError, match="E_REVIEW"):
        answers.record_answer(platform, shown, "mutant", "john")


def test_a_question_that_no_longer_arises_is_not_asked(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    linked(platform, report(version=2, assays=WILDTYPE))
    assert questions.claim_reviews(platform) == []
    assert [review.moot for review in questions.list_reviews(platform, everything=True)] == [True]

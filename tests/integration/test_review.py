"""What only a person can decide waits, keeps the case out, and moves it once it is answered."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.questions import LEAVE_OPEN
from idh_tasks.pipelines.link import cohort
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from tests.integration.test_link import ISSUER, SURGERY, WILDTYPE, add_study, linked, report

MUTANT = (("IDH1 R132H IHC", "positive"),)
UNCLEAR = (("IDH1 R132H IHC", "weakly so, says Dr Zebedee"),)


def question(platform: Platform) -> questions.Question:
    [found] = questions.ask(platform)
    return found


def answer(platform: Platform, option: str, who: str | None = "mary") -> bool:
    return answers.answer(platform, question(platform)["review_id"], option, who)


def events(platform: Platform) -> list[tuple[str, str]]:
    with platform.database.begin() as transaction:
        listing = "SELECT actor, action FROM idh.audit_event WHERE actor IN ('mary', 'review') ORDER BY event_id"
        return [tuple(row) for row in transaction._connection.execute(text(listing))]


def test_p04_an_unclear_text_waits_and_the_answer_is_the_label(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    asked = question(platform)
    assert "Zebedee" not in asked["body"]
    assert asked["options"] == ["mutant", "wildtype", "exclude", LEAVE_OPEN]
    assert answers.answer(platform, asked["review_id"], "mutant", "mary")
    assert linked(platform) == {study: ("OK", True)}
    with platform.database.begin() as transaction:
        assert transaction.rows("cohort/count_cases") == [{"outcome": "mutant", "studies": 1}]
    assert events(platform) == [("mary", "answered")]


@pytest.mark.parametrize("option", ["mutant", "wildtype", "exclude"])
def test_p06_a_person_settles_reports_that_contradict_each_other(platform: Platform, option: str) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report("r1"), report("r2", assays=MUTANT)) == {study: ("E_LABEL_CONFLICT", False)}
    assert answer(platform, option)
    linked(platform)
    with platform.database.begin() as transaction:
        found = (
            transaction._connection.execute(text("SELECT idh_status FROM idh.case_link WHERE chosen")).scalars().all()
        )
    assert found == ([] if option == "exclude" else [option])


def test_a_new_version_is_new_evidence_and_asked_again(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report("r1"), report("r2", assays=MUTANT))
    answer(platform, "mutant")
    linked(platform)
    assert linked(platform, report("r1", version=2)) == {study: ("E_LABEL_CONFLICT", False)}
    assert question(platform)["options"][0] == "mutant"


def test_l06_two_studies_that_no_rule_tells_apart_wait_for_a_person(platform: Platform) -> None:
    first, second = (add_study(platform, name, SURGERY) for name in ("one", "two"))
    assert linked(platform, report()) == {first: ("W_AMBIGUOUS", False), second: ("W_AMBIGUOUS", False)}
    assert answer(platform, second)
    assert linked(platform) == {first: ("W_OTHER_CHOSEN", False), second: ("OK", True)}


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(("patient", "issuer"), [("p1", "OTHER"), ("p 001", ISSUER)])
def test_l03_a_near_miss_is_never_linked_but_asked(platform: Platform, patient: str, issuer: str, same: bool) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report(patient_id=patient, issuer=issuer)) == {}
    assert answer(platform, "same person" if same else "different persons")
    assert linked(platform) == ({study: ("OK", True)} if same else {})


@pytest.mark.parametrize("changes", [{"birth_date": date(1959, 1, 1)}, {"sex": "M"}, {"patient_id": "p2"}])
def test_what_differs_in_more_than_the_writing_is_no_near_miss(platform: Platform, changes: dict[str, Any]) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(**{"patient_id": "p01"} | changes))
    assert questions.ask(platform) == []


def test_an_unclear_diagnosis_is_asked(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report(diagnosis="V.a. Glioblastom")) == {study: ("W_DIAGNOSIS_UNCLEAR", False)}
    assert answer(platform, "glioblastoma")
    assert linked(platform) == {study: ("OK", True)}


def test_a_question_is_asked_once_and_unanswered_leaves_the_case_out(platform: Platform) -> None:
    add_study(platform, "s", SURGERY - timedelta(days=1))
    linked(platform, report(assays=UNCLEAR))
    assert questions.questions_wait(platform)
    asked = question(platform)
    assert questions.ask(platform) == []
    assert not questions.questions_wait(platform)
    assert not answers.answer(platform, asked["review_id"], LEAVE_OPEN, None)
    assert not answers.answer(platform, asked["review_id"], LEAVE_OPEN, "mary")
    assert events(platform) == [("review", "review timed out"), ("mary", "left open")]
    excluded = {code: n for step in cohort.flow(platform).steps for code, n in step.excluded.items()}
    assert excluded == {"W_AWAITING_REVIEW": 1}
    with platform.database.begin() as transaction:
        transaction._connection.execute(text("UPDATE idh.review SET asked_at = now() - interval '8 days'"))
    assert questions.questions_wait(platform)


def test_an_answer_is_given_once_and_only_from_the_options(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    review_id = question(platform)["review_id"]
    with pytest.raises(RunRefusedError, match="E_REVIEW"):
        answers.answer(platform, review_id, "perhaps", "mary")
    answers.answer(platform, review_id, "wildtype", "mary")
    with pytest.raises(RunRefusedError, match="E_REVIEW"):
        answers.answer(platform, review_id, "mutant", "john")


def test_a_question_that_settles_itself_is_not_asked(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    linked(platform, report(version=2, assays=WILDTYPE))
    assert questions.ask(platform) == []
    assert [found.moot for found in questions.listed(platform, everything=True)] == [True]

"""An answer can be taken back: labels, persons, patches and questions then agree with what is open again."""

from datetime import UTC, datetime

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import datasets, links, reviews
from idh_tasks.db.links import MergeEvent
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.domain.study import PatientKey, StudyId
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.review.reopening import reopen
from tests.database import run_sql
from tests.due import to_prepare
from tests.integration.test_link import ISSUER, SURGERY, add_study, linked, report
from tests.integration.test_review import UNCLEAR

OUTLINE, VERSION = "a" * 64, "version"
CUT = """
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256, origin)
SELECT 'p', study_id, revision, 'T1', :version, 'acquired', 'key', 'hash',
    jsonb_build_object('outline', 'proposal', 'outline_sha256', CAST(:sha256 AS text))
FROM idh.study
"""


FROZEN = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES ('r', 'd', '{}', '');
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT 'd', 'T1', patient_key, 'p', idh_status = 'mutant', report_key, report_version FROM idh.case_link
"""


def given(platform: Platform, option: str) -> str:
    """Answer the only open question and return its id."""
    [asked] = questions.claim_reviews(platform)
    answers.record_answer(platform, asked["shown"], option, "mary")
    return questions.review_id_of(asked["shown"])


def label(platform: Platform) -> str:
    """Link anew and return the status of the only case."""
    linked(platform)
    [(status,)] = run_sql(platform, "SELECT idh_status FROM idh.case_link WHERE chosen")
    return str(status)


def propose(platform: Platform, study_id: str) -> None:
    with platform.database.begin() as transaction:
        reviews.request_outline_review(transaction, ProposedOutline(StudyId(study_id), OUTLINE, 12.0, "key", "none"))


def test_a_label_is_gone_until_the_question_is_answered_again(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    review_id = given(platform, "mutant")
    assert label(platform) == "mutant"
    assert reopen(platform, review_id, "tom", "read the wrong report") == "mutant"
    assert label(platform) == "indeterminate"
    assert given(platform, "wildtype") == review_id
    assert label(platform) == "wildtype"


def test_who_took_what_back_and_why_is_audited(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    review_id = given(platform, "mutant")
    reopen(platform, review_id, "tom", "read the wrong report")
    [(actor, subject, detail)] = run_sql(
        platform, "SELECT actor, subject, detail FROM idh.audit_event WHERE action = 'reopened'"
    )
    assert (actor, subject) == ("tom", review_id)
    assert detail == {
        "kind": "unclear_result", "answer": "mutant", "answered_by": "mary", "why": "read the wrong report"
    }  # fmt: skip


def test_patients_who_were_merged_by_an_answer_are_two_again_and_can_be_merged_again(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report(patient_id="p 001", issuer=ISSUER))
    review_id = given(platform, "same person")
    assert linked(platform) == {study: ("OK", True)}
    reopen(platform, review_id, "tom", "twins")
    assert linked(platform) == {}
    given(platform, "same person")
    assert linked(platform) == {study: ("OK", True)}


def test_what_the_registry_has_said_since_stays_in_force(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(patient_id="p 001", issuer=ISSUER))
    review_id = given(platform, "same person")
    [(prior, surviving)] = run_sql(platform, "SELECT prior_key, surviving_key FROM idh.merge_event")
    confirmed = MergeEvent("adt", PatientKey(prior), PatientKey(surviving), False, datetime.now(UTC), "registry")
    with platform.database.begin() as transaction:
        links.save_merges(transaction, [confirmed])
    reopen(platform, review_id, "tom", "twins")
    assert run_sql(platform, "SELECT undone FROM idh.latest_merge") == [(False,)]


def test_patches_of_an_outline_are_withdrawn_at_once_and_due_when_it_is_accepted_again(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    propose(platform, study)
    review_id = given(platform, "accept")
    run_sql(platform, CUT, version=VERSION, sha256=OUTLINE)
    reopen(platform, review_id, "tom", "half of the rim is outside")
    assert run_sql(platform, "SELECT code FROM idh.patch") == [("W_ROI_PROPOSED",)]
    assert to_prepare(platform, VERSION) == []
    given(platform, "accept")
    assert to_prepare(platform, VERSION) == [study]


def test_a_dataset_that_was_frozen_with_the_outline_can_still_be_read_and_is_named(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    linked(platform, report())
    propose(platform, study)
    review_id = given(platform, "accept")
    run_sql(platform, CUT, version=VERSION, sha256=OUTLINE)
    run_sql(platform, FROZEN)
    reopen(platform, review_id, "tom", "half of the rim is outside")
    with platform.database.begin() as transaction:
        [member] = datasets.members(transaction, "r")
    assert (member.object_key, member.sha256) == ("key", "hash")
    assert run_sql(platform, "SELECT code FROM idh.affected_member") == [("W_OUTLINE_WITHDRAWN",)]


def test_patches_of_another_outline_stay(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    propose(platform, study)
    review_id = given(platform, "accept")
    run_sql(platform, CUT, version=VERSION, sha256="b" * 64)
    reopen(platform, review_id, "tom", "half of the rim is outside")
    assert run_sql(platform, "SELECT code, object_key FROM idh.patch") == [(None, "key")]


def test_a_rejection_is_taken_back_as_well(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    propose(platform, study)
    assert reopen(platform, given(platform, "reject"), "tom", "it fits after all") == "reject"
    assert len(questions.claim_reviews(platform)) == 1


def test_an_open_question_has_no_answer_to_take_back(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    propose(platform, study)
    [(review_id,)] = run_sql(platform, "SELECT review_id FROM idh.review")
    for unanswered in (review_id, "0" * 32):
        with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
            reopen(platform, unanswered, "tom", "a slip")
    assert run_sql(platform, "SELECT action FROM idh.audit_event WHERE action = 'reopened'") == []


def test_the_page_leads_from_question_to_question_and_lists_what_was_answered(platform: Platform) -> None:
    for name in ("one", "two", "three"):
        propose(platform, add_study(platform, name, SURGERY))
    queue = [row.review.review_id for row in waiting.waiting(platform, 1).rows]
    shown = [waiting.question(platform, review_id) for review_id in queue]
    assert [found and found.beside.before for found in shown] == [None, *queue[:2]]
    assert [found and found.beside.after for found in shown] == [*queue[1:], None]
    assert shown[0] is not None
    assert shown[0].beside.studies[0] == shown[0].review.subject
    assert shown[0].text.facts == {"volume in ml": 12.0, "doubts": "none"}
    [asked, *_] = questions.claim_reviews(platform)
    answers.record_answer(platform, asked["shown"], "accept", "mary")
    assert [row.review.answered_by for row in waiting.answered(platform, 1).rows] == ["mary"]
    assert len(waiting.waiting(platform, 1).rows) == 2
    assert waiting.question(platform, "0" * 32) is None

"""Page of a study and queue say which outline is in use, which is proposed, and which was uploaded and waits."""

import json
import re
from dataclasses import asdict

import pytest
from fastapi import Request
from idh_airflow.task_links import task_address
from idh_airflow.ui.rendering import ENVIRONMENT, render

from idh_tasks.db import outlines, reviews
from idh_tasks.db.outlines import StoredObject
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.pages.study import study
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.review.reopening import reopen
from idh_tasks.pipelines.review.study_judgements import judgements
from tests.database import run_sql
from tests.seed import seed_cohort
from tests.study_page import LAYOUT

PROPOSED, UPLOADED = "a" * 64, "b" * 64
CUT_WITH = "UPDATE idh.patch SET origin = jsonb_build_object('outline', CAST(:kind AS text)) WHERE study_id = :study"
AWAIT_REVIEW = """
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, code, reason)
SELECT p.patch_id || 'x', p.study_id, t.revision, p.sequence, p.settings_hash, 'W_ROI_PROPOSED', 'a reason'
FROM idh.patch AS p JOIN idh.study AS t USING (study_id) WHERE p.study_id = :study
"""
SHEET = """
INSERT INTO idh.qc_sheet (study_id, revision, settings_hash, object_key)
SELECT DISTINCT study_id, revision, settings_hash, 'sheet' FROM idh.patch WHERE study_id = :study
"""
DOCUMENT = """
INSERT INTO idh.document (document_id, study_id, revision, content_hash, sop_instance_uid, object_key, sha256)
VALUES ('d', :study, 1, 'c', '1.2', 'k', 's')
"""
NO_PREDICTION = "No prediction counts until the outline is accepted."
OF_EARLIER, OF_WAITING = "made with an earlier outline", "made with the outline that waits, while it was accepted"
FROM_BEFORE = "From before: it shows the outline"
ACCEPTED_AND_PREDICTED = """
UPDATE idh.patch SET origin = jsonb_build_object('outline', 'submitted', 'outline_sha256', CAST(:sha256 AS text)),
    code = NULL, reason = NULL, object_key = 'k', sha256 = 's', provenance = 'acquired', slice_index = 3
WHERE study_id = :study AND patch_id LIKE '%x';
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES ('r', 'd', '{}', 'c');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state)
VALUES ('m', 'r', 'ADC', 'k', 's', 'champion');
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
SELECT patch_id, 'm', study_id, sequence, 0.4, 0.3, false FROM idh.patch
WHERE study_id = :study AND sequence = 'ADC' AND patch_id LIKE '%x';
INSERT INTO idh.document (document_id, study_id, revision, content_hash, sop_instance_uid, object_key, sha256)
SELECT 'e', study_id, revision, 'c', '1.3', 'k', 's' FROM idh.study WHERE study_id = :study
"""
VIEW = """
INSERT INTO idh.study_view (study_id, revision, settings_hash, layout, object_keys)
SELECT DISTINCT p.study_id, t.revision, p.settings_hash, CAST(:layout AS jsonb), CAST(:keys AS jsonb)
FROM idh.patch AS p JOIN idh.study AS t USING (study_id) WHERE p.study_id = :study
"""


@pytest.fixture
def study_id(platform: Platform) -> StudyId:
    """Return a study whose patches, sheet and document were made with the delivered outline."""
    seed_cohort(platform, 1, 0)
    [(found,)] = run_sql(platform, "SELECT study_id FROM idh.study")
    run_sql(platform, CUT_WITH, kind="SEG", study=found)
    run_sql(platform, SHEET, study=found)
    run_sql(platform, DOCUMENT, study=found)
    return StudyId(found)


def asked(platform: Platform, study_id: StudyId, sha256: str, origin: str | None = None) -> str:
    """Ask about an outline, as preprocessing does; return the token of the question."""
    with platform.database.begin() as transaction:
        outline = ProposedOutline(study_id, sha256, 12.0, "picture", "none", origin)
        reviews.request_outline_review(transaction, outline)
    [question] = questions.claim_reviews(platform)
    return question["shown"]


def upload(platform: Platform, study_id: StudyId) -> None:
    with platform.database.begin() as transaction:
        assert outlines.submit(transaction, study_id, StoredObject("key", UPLOADED), "mary")


def page(platform: Platform, study_id: StudyId) -> str:
    """Return the text of the page of a study."""
    request = Request({"type": "http", "query_string": b"", "root_path": "/idh", "headers": []})
    values = {"study": study(platform, study_id), "judged": judgements(platform, study_id)}
    shown = bytes(render(request, "study.html.j2", **values, task_address=task_address).body).decode()
    return text(shown)


def queue(platform: Platform, show: str = "open") -> str:
    """Return the text of the queue of questions."""
    listing = (waiting.waiting if show == "open" else waiting.answered)(platform, 1)
    values = {"listing": listing, "show": show, "done": "", "base": "/idh", "query": ""}
    return text(ENVIRONMENT.get_template("review.html.j2").render(values))


def question(platform: Platform, shown: str) -> str:
    """Return the text of the page of a question."""
    found = waiting.question(platform, questions.review_id_of(shown))
    values = {"found": found, "asked": None, "texts": None, "rule": None, "done": "", "base": "/idh"}
    return text(ENVIRONMENT.get_template("question.html.j2").render(values))


def text(html: str) -> str:
    return re.sub(r"\s+([.,;)])", r"\1", " ".join(re.sub(r"<[^>]*>", " ", html).split()))


def test_the_delivered_outline_is_in_use_and_nothing_waits(platform: Platform, study_id: StudyId) -> None:
    shown = page(platform, study_id)
    assert "In use: the delivered outline (SEG)." in shown
    for absent in ("Uploaded, and waits", "Proposed:", "From before", NO_PREDICTION, OF_EARLIER, OF_WAITING):
        assert absent not in shown


def drawn(platform: Platform, study_id: StudyId, *names: str) -> None:
    """Store slices of the present images with these names, as preprocessing does."""
    keys = json.dumps(dict.fromkeys(names, "key"))
    run_sql(platform, VIEW, study=study_id, layout=json.dumps(asdict(LAYOUT)), keys=keys)


def test_after_an_upload_each_thing_says_which_outline_it_is_of_until_it_is_accepted(
    platform: Platform, study_id: StudyId
) -> None:
    upload(platform, study_id)
    shown = page(platform, study_id)
    assert "In use: none; there is no present patch." in shown
    assert "Uploaded, and waits: an outline by mary," in shown
    assert "The next run of preprocess_studies asks to accept it." in shown
    assert "Slices are drawn by the next run of preprocess_studies." in shown
    for said in (FROM_BEFORE, "The quality sheet shows an earlier outline.", NO_PREDICTION, OF_EARLIER):
        assert said in shown
    token = asked(platform, study_id, UPLOADED, "submitted by a person, drawn on the T2")
    run_sql(platform, AWAIT_REVIEW, study=study_id)
    drawn(platform, study_id, "T2")
    shown = page(platform, study_id)
    assert "It waits to be accepted ( the question)." in shown
    assert "Uploaded outline: waits since" in shown
    assert "The slices show no outline until one is accepted" in shown
    for said in (FROM_BEFORE, "None counts while an outline waits to be accepted.", NO_PREDICTION, OF_EARLIER):
        assert said in shown
    answers.record_answer(platform, token, "accept", "tom")
    shown = page(platform, study_id)
    assert "; accepted." in shown
    for absent in ("Uploaded, and waits", NO_PREDICTION, "An outline waits to be accepted", OF_EARLIER):
        assert absent not in shown


def test_after_the_acceptance_was_taken_back_slices_sheet_and_document_are_of_the_outline_that_waits(
    platform: Platform, study_id: StudyId
) -> None:
    upload(platform, study_id)
    token = asked(platform, study_id, UPLOADED, "submitted by a person, drawn on the T2")
    run_sql(platform, AWAIT_REVIEW, study=study_id)
    drawn(platform, study_id, "T2", "outline")
    answers.record_answer(platform, token, "accept", "tom")
    run_sql(platform, ACCEPTED_AND_PREDICTED, study=study_id, sha256=UPLOADED)
    assert "In use: an outline that a person uploaded" in page(platform, study_id)
    reopen(platform, questions.review_id_of(token), "tom", "the rim is outside")
    shown = page(platform, study_id)
    assert "In use: none; there is no present patch." in shown
    assert "The slices show the outline that waits; they were drawn while it was accepted." in shown
    assert "The quality sheet shows the outline that waits." in shown
    assert FROM_BEFORE not in shown
    assert NO_PREDICTION in shown
    assert shown.count(OF_WAITING) == shown.count(OF_EARLIER) == 1


def test_a_proposal_that_still_waits_is_not_taken_for_the_outline_that_was_uploaded(
    platform: Platform, study_id: StudyId
) -> None:
    token = asked(platform, study_id, PROPOSED)
    assert "Proposed: an outline of the platform, which waits to be accepted since" in page(platform, study_id)
    assert "proposed by the platform" in queue(platform)
    upload(platform, study_id)
    assert "Proposed: an outline from before the upload, about which nobody needs to answer" in page(platform, study_id)
    assert "an earlier outline: mary uploaded another one," in queue(platform)
    assert "This is an earlier outline. mary uploaded another one," in question(platform, token)
    later = asked(platform, study_id, UPLOADED, "submitted by a person, drawn on the T2")
    assert "uploaded by mary," in queue(platform)
    assert "Uploaded by mary," in question(platform, later)
    assert "Uploaded by" not in question(platform, token)
    assert "earlier outline" not in queue(platform)
    assert "earlier outline" not in question(platform, later)
    assert "This is an earlier outline." in question(platform, token), "the link to it may be kept somewhere"


def test_an_accepted_outline_is_marked_as_earlier_while_a_later_one_waits(
    platform: Platform, study_id: StudyId
) -> None:
    answers.record_answer(platform, asked(platform, study_id, PROPOSED), "accept", "tom")
    assert "earlier outline" not in queue(platform, "answered")
    upload(platform, study_id)
    assert "an earlier outline: mary uploaded another one," in queue(platform, "answered")


def test_an_upload_that_was_rejected_does_not_wait(platform: Platform, study_id: StudyId) -> None:
    upload(platform, study_id)
    token = asked(platform, study_id, UPLOADED, "submitted by a person, drawn on the T2")
    answers.record_answer(platform, token, "reject", "tom")
    shown = page(platform, study_id)
    assert "; rejected." in shown
    assert "Uploaded, and waits" not in shown
    assert "waits to be accepted." not in shown


def test_an_answer_that_follows_one_that_was_taken_back_says_so(platform: Platform, study_id: StudyId) -> None:
    token = asked(platform, study_id, PROPOSED)
    answers.record_answer(platform, token, "accept", "tom")
    assert "taken back 20" not in queue(platform, "answered")
    reopen(platform, questions.review_id_of(token), "tom", "the rim is outside")
    assert "its question is marked under Open" in queue(platform, "answered")
    [again] = questions.claim_reviews(platform)
    answers.record_answer(platform, again["shown"], "reject", "tom")
    assert "reject an earlier answer was taken back 20" in queue(platform, "answered")
    assert "An earlier answer was taken back, 20" in question(platform, token)

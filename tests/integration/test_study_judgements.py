"""A study with unfit images is excluded and taken in again; a reader's disagreement stands beside the prediction."""

import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.review import ImageFault
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.pages.study import study as study_page
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import documents
from idh_tasks.pipelines.review.study_judgements import disagree, exclude, judgements, take_in
from tests.database import run_sql
from tests.integration.test_documents import predict
from tests.integration.test_link import SURGERY, add_study, linked, report

EVENTS = "SELECT actor, action, subject FROM idh.audit_event WHERE actor = 'mary' ORDER BY event_id"


def test_an_excluded_study_leaves_the_cohort_and_comes_back(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    assert linked(platform, report()) == {study: ("OK", True)}
    exclude(platform, study, ImageFault.MOTION, "ghosts in all sequences", "mary")
    assert linked(platform) == {study: (Code.W_EXCLUDED_IMAGES, False)}
    take_in(platform, study, "the repetition is sharp", "mary")
    assert linked(platform) == {study: ("OK", True)}
    assert run_sql(platform, EVENTS) == [("mary", "study excluded", study), ("mary", "study taken in", study)]


def test_another_study_of_the_patient_takes_its_place(platform: Platform) -> None:
    first, second = (add_study(platform, name, SURGERY) for name in ("one", "two"))
    linked(platform, report())
    exclude(platform, first, ImageFault.ARTEFACT, "dental implant", "mary")
    assert linked(platform) == {first: (Code.W_EXCLUDED_IMAGES, False), second: ("OK", True)}


def test_the_history_of_exclusions_is_kept(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    exclude(platform, study, ImageFault.MOTION, "ghosts", "mary")
    assert (judged := judgements(platform, study).exclusion) is not None
    assert (judged.fault, judged.reason, judged.excluded_by) == (ImageFault.MOTION, "ghosts", "mary")
    take_in(platform, study, "a slip", "tom")
    exclude(platform, study, ImageFault.OTHER, "after all", "tom")
    assert [one.reason for one in judgements(platform, study).exclusions] == ["after all", "ghosts"]


def test_what_is_excluded_cannot_be_excluded_again_and_what_is_not_cannot_be_taken_in(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
        take_in(platform, study, "a slip", "mary")
    exclude(platform, study, ImageFault.MOTION, "ghosts", "mary")
    for wanted in (study, "0" * 24):
        with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
            exclude(platform, wanted, ImageFault.MOTION, "ghosts", "mary")


def test_an_excluded_study_gets_no_document(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    predict(platform)
    exclude(platform, study, ImageFault.MOTION, "ghosts", "mary")
    assert documents.write_documents(platform) == 0


def test_a_reader_disagrees_with_a_prediction_that_there_is(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    predict(platform)
    disagree(platform, study, "p1", "m", "the rim is thick", "mary")
    [said] = judgements(platform, study).disagreements
    assert (said.sequence, said.patch_id, said.model_id, said.comment, said.reader) == (
        MrSequence.T1, "p1", "m", "the rim is thick", "mary"
    )  # fmt: skip
    assert run_sql(platform, EVENTS) == [("mary", "disagreed", study)]
    other = add_study(platform, "t", SURGERY)
    for wanted, patch_id, model_id in ((study, "p1", "n"), (study, "p2", "m"), (other, "p1", "m")):
        with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
            disagree(platform, wanted, patch_id, model_id, "no such prediction", "mary")


def test_a_disagreement_stays_with_the_patch_that_was_predicted(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY)
    predict(platform)
    disagree(platform, study, "p1", "m", "half of the rim is outside", "mary")
    run_sql(platform, "UPDATE idh.study SET revision = 2")
    predict(platform)
    shown = study_page(platform, study)
    assert shown is not None
    assert [(row.patch_id, row.present) for row in shown.predictions] == [("p2", True), ("p1", False)]
    assert [said.patch_id for said in judgements(platform, study).disagreements] == ["p1"]

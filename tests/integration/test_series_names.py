"""A series whose name is not sure is asked about, and follows the answer: at once, after later deliveries, and back."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pydicom import Dataset

from idh_tasks.db import reviews
from idh_tasks.domain.review import ReviewKind
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import batch
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.review.reopening import reopen
from tests.database import run_sql
from tests.due import to_prepare
from tests.factories import stack
from tests.hospital import SE_T1, drop, stored, with_instance_uid


def doubtful(uid: str = "1.2.3", series: str = "7", slices: int = 4, **header: object) -> list[Dataset]:
    """Return a series whose name contradicts its physics."""
    stated = SE_T1 | {
        "SeriesDescription": "t2_tse_tra",
        "StudyInstanceUID": uid,
        "SeriesInstanceUID": f"{uid}.{series}",
    }
    instances = stack([5.0 * k for k in range(slices)], **stated | header)
    return [with_instance_uid(ds, f"{uid}.{series}.{number}") for number, ds in enumerate(instances, start=1)]


def ingested(platform: Platform, name: str, instances: list[Dataset]) -> None:
    drop(platform, name, instances)
    night.ingest(platform, ("bucket",))


def names(platform: Platform) -> list[str]:
    identified = [series.identification for series in stored(platform).series]
    return sorted(f"{one.sequence} {one.confidence}" for one in identified)


def asked(platform: Platform) -> list[questions.Question]:
    """Preprocess what is due, without the child process, and return the questions that are to be asked."""
    for study_id in to_prepare(platform):
        batch.preprocess_study(platform, study_id)
    return questions.claim_reviews(platform)


@pytest.fixture
def question(platform: Platform) -> questions.Question:
    ingested(platform, "one", doubtful())
    assert [name.split()[1] for name in names(platform)] == ["low"]
    [question] = asked(platform)
    return question


def test_the_question_shows_conclusion_evidence_and_images(platform: Platform, question: questions.Question) -> None:
    [row] = waiting.waiting(platform, 1).rows
    assert row.review.kind is ReviewKind.SERIES_NAME
    [series] = stored(platform).series
    assert row.text.facts["concluded"] == series.identification.sequence
    assert row.text.facts["evidence"] == series.identification.evidence
    picture = waiting.picture(platform, row.review.review_id)
    assert picture is not None
    assert Image.open(BytesIO(picture)).width == 1200
    assert f"/idh/review/{row.review.review_id}/picture.png" in question["body"]


def test_an_answer_names_the_series_and_everything_is_made_again(
    platform: Platform, question: questions.Question
) -> None:
    before = stored(platform)
    assert answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    after = stored(platform)
    assert names(platform) == ["FLAIR high"]
    assert after.revision == before.revision + 1
    assert after.content_hash != before.content_hash
    assert to_prepare(platform) == [after.study_id]
    assert asked(platform) == []


def test_the_name_stays_when_more_of_the_study_arrives(platform: Platform, question: questions.Question) -> None:
    answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    ingested(platform, "two", doubtful(series="8", SeriesDescription="t1_se_tra"))
    assert names(platform) == ["FLAIR high", "T1 high"]
    ingested(platform, "three", doubtful(slices=6))
    assert names(platform) == ["FLAIR high", "T1 high"]


def test_taken_back_the_series_has_no_sure_name_again_and_is_asked_about(
    platform: Platform, question: questions.Question
) -> None:
    before = names(platform)
    answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    reopen(platform, questions.review_id_of(question["shown"]), "tom", "it has no inversion pulse")
    assert names(platform) == before
    [again] = asked(platform)
    assert (again["body"], again["options"]) == (question["body"], question["options"])
    assert again["shown"] != question["shown"], "the answer that was taken back would count again"


T2: dict[str, Any] = {"SeriesDescription": "t2_tse_tra", "RepetitionTime": "5000", "EchoTime": "100"}
BY_NAME: dict[str, Any] = {"ScanningSequence": "", "RepetitionTime": "", "EchoTime": ""}
MOOT = "SELECT moot FROM idh.review WHERE kind = 'series_name'"
UNSTATED: dict[str, Any] = {
    "ScanningSequence": ["GR", "IR"],
    "RepetitionTime": "1900",
    "EchoTime": "2.5",
    "InversionTime": "900",
    "MRAcquisitionType": "3D",
    "SeriesDescription": "t1_mprage",
}


def test_a_question_that_a_later_delivery_settles_is_moot(platform: Platform) -> None:
    ingested(platform, "one", doubtful(**BY_NAME))
    assert names(platform) == ["T2 low"]
    assert len(asked(platform)) == 1
    ingested(platform, "two", doubtful(series="8", **T2))
    assert names(platform) == ["T2 high", "T2 low"]
    assert asked(platform) == []
    assert run_sql(platform, MOOT) == [(True,)]


def test_a_question_stays_while_the_study_lacks_what_the_series_may_be(
    platform: Platform, question: questions.Question
) -> None:
    ingested(platform, "two", doubtful(series="8", SeriesDescription="t1_se_tra"))
    assert asked(platform) == []
    assert run_sql(platform, MOOT) == [(False,)], "it may be the T2"


def test_a_3d_t1_of_which_nothing_states_the_agent_is_asked_about_beside_a_sure_t1(platform: Platform) -> None:
    ingested(platform, "one", [*doubtful(SeriesDescription="t1_se_tra"), *doubtful(series="8", **UNSTATED)])
    assert names(platform) == ["T1 high", "T1 low"]
    assert len(asked(platform)) == 1


CONCLUDED_OTHERWISE = "UPDATE idh.series SET sequence = 'T1', confidence = 'high', evidence = 'more slices came'"


def test_an_answer_does_not_count_if_the_platform_concludes_something_else_by_now(
    platform: Platform, question: questions.Question
) -> None:
    run_sql(platform, CONCLUDED_OTHERWISE)
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    assert names(platform) == ["T1 high"]


def test_taking_an_old_answer_back_leaves_a_newer_conclusion_alone(
    platform: Platform, question: questions.Question
) -> None:
    answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    run_sql(platform, CONCLUDED_OTHERWISE)
    assert reopen(platform, questions.review_id_of(question["shown"]), "tom", "a slip") == "FLAIR"
    assert names(platform) == ["T1 high"]


def test_an_answer_that_was_taken_back_does_not_count_again(platform: Platform, question: questions.Question) -> None:
    answers.record_answer(platform, question["shown"], "FLAIR", "mary")
    reopen(platform, questions.review_id_of(question["shown"]), "tom", "a slip")
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        answers.record_answer(platform, question["shown"], "FLAIR", "mary")


def test_a_question_that_had_become_moot_is_asked_when_it_arises_again(platform: Platform) -> None:
    ingested(platform, "one", [*doubtful(series="7", **BY_NAME), *doubtful(series="8", **BY_NAME)])
    first, _ = asked(platform)
    answers.record_answer(platform, first["shown"], "T2", "mary")
    assert asked(platform) == []
    reopen(platform, questions.review_id_of(first["shown"]), "tom", "a slip")
    assert len(asked(platform)) == 2


def test_a_study_is_preprocessed_again_if_an_answer_was_taken_back_meanwhile(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingested(platform, "one", doubtful())
    read = iter([frozenset({"a"}), frozenset(), frozenset(), frozenset()])
    monkeypatch.setattr(reviews, "accepted_outlines", lambda *_: next(read))
    assert asked(platform)
    assert list(read) == []

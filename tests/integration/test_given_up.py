"""Work that was given up is shown with its reason, and tried again when a person says so."""

import re

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.codes import Code
from idh_tasks.db import due_work
from idh_tasks.db.due_work import Stage
from idh_tasks.pipelines.operate.given_up import listed, retry, retry_all
from idh_tasks.pipelines.pages.held import held
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.integration.test_link import SURGERY, add_study


def give_up(platform: Platform, stage: Stage, item: str, code: Code = Code.E_KILLED) -> None:
    """Note an item of a stage, and give it up as a task does."""
    run_sql(platform, "SELECT idh.note_work(:stage, ARRAY[:item])", stage=stage, item=item)
    with platform.database.begin() as transaction:
        claim = due_work.claim_next(transaction, stage, "task", 7200.0)
        assert claim is not None
        assert claim.item == item
        due_work.give_up(transaction, stage, claim, code, "its task was killed 3 times")


def due(platform: Platform, stage: Stage) -> int:
    with platform.database.begin() as transaction:
        return due_work.count(transaction, stage, 1000)


def events(platform: Platform) -> list[tuple[object, ...]]:
    return run_sql(
        platform,
        "SELECT actor, subject, detail ->> 'stage', detail ->> 'code' FROM idh.audit_event "
        "WHERE action = 'work tried again' ORDER BY event_id",
    )


def page(platform: Platform, **rights: bool) -> str:
    """Return the page as a person with these rights sees it."""
    return ENVIRONMENT.get_template("held.html.j2").render(
        base="/idh",
        query="",
        held=held(platform, "", "", 1),
        code="",
        study="",
        may=lambda name: rights.get(name, False),
    )


@pytest.fixture
def studies(platform: Platform) -> list[str]:
    """Return two studies of which nothing is due."""
    found = [add_study(platform, name, SURGERY, f"p{name}") for name in ("a", "b")]
    run_sql(platform, "DELETE FROM idh.due_work")
    return [str(study_id) for study_id in found]


def test_what_was_given_up_is_shown_with_stage_study_code_reason_and_attempts(
    platform: Platform, studies: list[str]
) -> None:
    give_up(platform, Stage.PREPARE, studies[0])
    [one] = held(platform, "", "", 1).given_up
    assert (one.stage, one.item, one.code, one.attempts) == ("prepare", studies[0], Code.E_KILLED, 1)
    shown = " ".join(re.sub(r"<[^>]*>", " ", page(platform)).split())
    assert "Given up" in shown
    assert "its task was killed 3 times" in shown
    assert f"/idh/studies/{studies[0]}" in page(platform)


def test_one_of_them_is_tried_again_and_the_others_are_not(platform: Platform, studies: list[str]) -> None:
    for study_id in studies:
        give_up(platform, Stage.PREPARE, study_id)
    give_up(platform, Stage.DOCUMENT, studies[0], Code.E_UNEXPECTED)
    assert retry(platform, "olga", names=[f"prepare {studies[0]}"]) == 1
    assert (due(platform, Stage.PREPARE), due(platform, Stage.DOCUMENT)) == (1, 0)
    assert events(platform) == [("olga", studies[0], "prepare", "E_KILLED")]
    assert {one.name for one in listed(platform)} == {f"prepare {studies[1]}", f"document {studies[0]}"}


def test_it_has_all_its_attempts_again(platform: Platform, studies: list[str]) -> None:
    give_up(platform, Stage.PREPARE, studies[0])
    assert retry_all(platform, "olga") == 1
    with platform.database.begin() as transaction:
        claim = due_work.claim_next(transaction, Stage.PREPARE, "task", 7200.0)
    assert claim is not None
    assert (claim.item, claim.attempts) == (studies[0], 1)


def test_a_study_is_tried_again_in_every_stage_that_has_given_it_up(platform: Platform, studies: list[str]) -> None:
    for stage in Stage:
        give_up(platform, stage, studies[0])
    assert retry(platform, "olga", items=[studies[0]]) == len(Stage)
    assert len(events(platform)) == len(Stage)
    assert listed(platform) == []


def test_what_was_not_given_up_is_not_tried_again(platform: Platform, studies: list[str]) -> None:
    run_sql(platform, "SELECT idh.note_work('prepare', ARRAY[:item])", item=studies[0])
    assert retry(platform, "olga", items=studies, names=["prepare unknown"]) == 0
    assert (retry_all(platform, "olga"), events(platform)) == (0, [])


def test_only_an_operator_is_offered_to_try_again(platform: Platform, studies: list[str]) -> None:
    give_up(platform, Stage.PREPARE, studies[0])
    assert "/held/retry" not in page(platform)
    assert 'name="work"' not in page(platform)
    assert '/held/retry-all"' in page(platform, OPERATE=True)
    assert f'name="work" value="prepare {studies[0]}"' in page(platform, OPERATE=True)


def test_a_page_without_anything_given_up_does_not_speak_of_it(platform: Platform, studies: list[str]) -> None:
    assert studies
    assert "Given up" not in page(platform, OPERATE=True)

"""Work that is due: noted once, taken by one task at a time, repeated where a task was killed, and given up at last."""

import errno
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from idh_tasks.codes import Code
from idh_tasks.db.due_work import Stage
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import IdhError, RunRefusedError, StudyQuarantinedError, TransientError
from idh_tasks.pipelines import due_work
from idh_tasks.pipelines.due_work import ATTEMPTS, Outcomes, shares, work_off
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql

STAGE = Stage.DOCUMENT
Work = Callable[[StudyId], Outcomes]


def note(platform: Platform, *items: str, priority: int = 0) -> None:
    """Note items, the newest last."""
    run_sql(platform, "SELECT idh.note_work('document', :items, :priority)", items=[*items], priority=priority)


def recording(done: list[str]) -> Work:
    def work(study_id: StudyId) -> Outcomes:
        done.append(study_id)
        return Outcomes(done=1)

    return work


def failing(error: Exception) -> Work:
    def work(study_id: StudyId) -> Outcomes:
        raise error

    return work


def rows(platform: Platform, columns: str) -> list[tuple[object, ...]]:
    return run_sql(platform, f"SELECT {columns} FROM idh.due_work ORDER BY item")


def let_time_pass(platform: Platform) -> None:
    run_sql(platform, "UPDATE idh.due_work SET not_before = now() - interval '1 second'")


def test_each_item_is_worked_on_once_the_newest_first_and_the_background_last(platform: Platform) -> None:
    note(platform, "again", priority=1)
    note(platform, "old", "new")
    note(platform, "old", priority=1)
    done: list[str] = []
    assert work_off(platform, STAGE, "task", recording(done)) == {"done": 3}
    assert done == ["old", "new", "again"], "a note renews an item, and never lowers its priority"
    assert rows(platform, "item") == []


def test_tasks_share_the_items_without_taking_one_twice(platform: Platform) -> None:
    note(platform, *(f"{number:02}" for number in range(40)))
    done: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(work_off, platform, STAGE, f"task {n}", recording(done)) for n in range(4)]
        assert sum((task.result() for task in tasks), Outcomes()) == {"done": 40}
    assert sorted(done) == [f"{number:02}" for number in range(40)]


@pytest.mark.parametrize(("due", "tasks"), [(0, 0), (1, 1), (8, 1), (9, 2), (1000, 16)])
def test_the_number_of_tasks_is_bounded(platform: Platform, due: int, tasks: int) -> None:
    note(platform, *(f"{number}" for number in range(due)))
    assert [share["label"] for share in shares(platform, STAGE, 8)] == [f"{n + 1} of {tasks}" for n in range(tasks)]


def test_what_is_noted_during_the_work_is_due_again(platform: Platform) -> None:
    note(platform, "study")
    done: list[str] = []

    def work(study_id: StudyId) -> Outcomes:
        if not done:
            note(platform, study_id)
        return recording(done)(study_id)

    assert work_off(platform, STAGE, "task", work) == {"done": 2}


class KilledError(BaseException):
    """Stands for the death of a task: nothing after it runs."""


def killed(study_id: StudyId) -> Outcomes:
    raise KilledError


def test_a_task_that_was_killed_repeats_only_the_item_that_it_was_at(platform: Platform) -> None:
    note(platform, "third", "second", "first")
    done: list[str] = []

    def work(study_id: StudyId) -> Outcomes:
        return killed(study_id) if study_id == "second" else recording(done)(study_id)

    with pytest.raises(KilledError):
        work_off(platform, STAGE, "task", work)
    assert work_off(platform, STAGE, "another task", recording(done)) == {"done": 1}
    assert work_off(platform, STAGE, "task", recording(done)) == {"done": 1}
    assert done == ["first", "third", "second"]


def test_another_task_takes_over_when_the_hold_has_expired(platform: Platform) -> None:
    note(platform, "study")
    with pytest.raises(KilledError):
        work_off(platform, STAGE, "task", killed)
    assert work_off(platform, STAGE, "another task", recording([])) == {}
    run_sql(platform, "UPDATE idh.due_work SET held_at = held_at - interval '3 hours'")
    assert work_off(platform, STAGE, "another task", recording([])) == {"done": 1}


def test_an_item_that_kills_its_task_is_given_up_and_the_others_go_on(platform: Platform) -> None:
    note(platform, "other", "deadly")
    for _ in range(ATTEMPTS):
        with pytest.raises(KilledError):
            work_off(platform, STAGE, "task", killed)
    assert work_off(platform, STAGE, "task", recording([])) == {due_work.GIVEN_UP: 1, "done": 1}
    assert rows(platform, "item, code, reason") == [("deadly", "E_KILLED", "its task was killed 3 times")]
    note(platform, "deadly")
    assert work_off(platform, STAGE, "task", recording([])) == {"done": 1}, "a change lifts the verdict"


@pytest.mark.parametrize(
    ("error", "code"),
    [(StudyQuarantinedError(Code.E_HASH, "the object has changed"), "E_HASH"), (ValueError("a name"), "E_UNEXPECTED")],
)
def test_a_failing_item_is_tried_again_later_and_given_up_with_its_code(
    platform: Platform, error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    note(platform, "good", "bad")

    def work(study_id: StudyId) -> Outcomes:
        return failing(error)(study_id) if study_id == "bad" else Outcomes(done=1)

    assert work_off(platform, STAGE, "task", work) == {due_work.POSTPONED: 1, "done": 1}
    assert work_off(platform, STAGE, "task", work) == {}, "it is not tried again at once"
    let_time_pass(platform)
    assert work_off(platform, STAGE, "task", work) == {due_work.POSTPONED: 1}
    let_time_pass(platform)
    assert work_off(platform, STAGE, "task", work) == {due_work.GIVEN_UP: 1}
    assert rows(platform, "item, code, holder") == [("bad", code, None)]
    assert "a name" not in caplog.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TransientError(Code.E_STORE, "away"), "E_STORE"),
        (RunRefusedError(Code.E_NONFINITE, "the model is at fault"), "E_NONFINITE"),
        (OSError(errno.ENOSPC, "the disk is full"), "E_DISK"),
    ],
)
def test_an_item_that_is_not_at_fault_keeps_its_attempts(platform: Platform, error: Exception, code: str) -> None:
    note(platform, "study")
    for _ in range(ATTEMPTS + 1):
        with pytest.raises(IdhError, match=code):
            work_off(platform, STAGE, "task", failing(error))
    assert rows(platform, "attempts, holder, code") == [(0, None, None)]
    assert work_off(platform, STAGE, "task", recording([])) == {"done": 1}


def test_a_task_ends_itself_before_its_time_is_used(platform: Platform) -> None:
    note(platform, "b", "a")
    assert work_off(platform, STAGE, "task", recording([]), time_s=-math.inf) == {}
    assert len(rows(platform, "item")) == 2

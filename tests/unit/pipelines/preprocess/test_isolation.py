"""Work in a child process survives one kill; what the work raises reaches the caller."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError, StudyQuarantinedError, TransientError
from idh_tasks.pipelines.preprocess.isolation import IsolatedProcess


def add(first: int, second: int) -> int:
    return first + second


def die(log: Path, times: int) -> int:
    """Kill this process unless that has happened as often as wanted; return its number of starts."""
    starts = len(log.read_text()) if log.exists() else 0
    if starts < times:
        log.write_text("x" * (starts + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return starts + 1


def reject() -> None:
    raise SeriesRejectedError(Code.E_QUALITY, "too noisy")


def fail_with_text() -> None:
    raise ValueError("Zebedee")


def test_calls_run_in_one_child_process() -> None:
    with IsolatedProcess() as child:
        assert child.call(add, 2, second=3) == 5
        first, second = child.call(os.getpid), child.call(os.getpid)
    assert first == second != os.getpid()


def test_a_killed_child_costs_one_retry(tmp_path: Path) -> None:
    with IsolatedProcess() as child:
        assert child.call(die, tmp_path / "log", 1) == 2


def test_a_study_whose_child_is_killed_twice_is_refused_and_the_next_one_is_done(tmp_path: Path) -> None:
    with IsolatedProcess() as child:
        with pytest.raises(StudyQuarantinedError, match="E_PREPROC: the process was killed 2 times"):
            child.call(die, tmp_path / "log", 9)
        assert (tmp_path / "log").read_text() == "xx"
        assert child.call(add, 1, 1) == 2


def test_an_error_keeps_its_type_code_and_reason() -> None:
    with IsolatedProcess() as child, pytest.raises(SeriesRejectedError) as caught:
        child.call(reject)
    assert (caught.value.code, caught.value.reason) == ("E_QUALITY", "too noisy")


def test_of_an_unforeseen_error_only_type_and_place_are_reported() -> None:
    with (
        IsolatedProcess() as child,
        pytest.raises(TransientError, match=r"E_UNEXPECTED: ValueError at test_isolation\.py"),
    ):
        child.call(fail_with_text)


def test_the_child_ends_with_the_block() -> None:
    with IsolatedProcess() as child:
        pid = child.call(os.getpid)
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def in_daemon(result: "multiprocessing.Queue[int]") -> None:
    with IsolatedProcess() as child:
        result.put(child.call(add, 2, 3))


def test_a_daemonic_process_such_as_a_celery_worker_may_have_a_child() -> None:
    context = multiprocessing.get_context("spawn")
    result = context.Queue()
    worker = context.Process(target=in_daemon, args=(result,), daemon=True)
    worker.start()
    assert result.get(timeout=60) == 5
    worker.join(60)
    assert worker.exitcode == 0


def orphan(child_pid: "multiprocessing.Queue[int]") -> None:
    isolated = IsolatedProcess()
    child_pid.put(isolated.call(os.getpid))
    time.sleep(600)


def test_the_child_of_a_killed_parent_ends() -> None:
    context = multiprocessing.get_context("spawn")
    child_pid = context.Queue()
    parent = context.Process(target=orphan, args=(child_pid,))
    parent.start()
    child = psutil.Process(child_pid.get(timeout=60))
    parent.kill()
    child.wait(60)
    assert not child.is_running()

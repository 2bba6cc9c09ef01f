"""A background process is started once, recognised later, and stopped with its children."""

import os
import time
from pathlib import Path

import psutil
import pytest

from idh_tasks.errors import TransientError
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, await_ready, running, wait_until


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(Installation(tmp_path), "sleeper")


def test_a_service_is_started_once_and_stopped(service: Service) -> None:
    service.start(["sleep", "60"], {})
    pid = service.pid()
    service.start(["sleep", "60"], {})
    assert service.pid() == pid is not None
    service.stop()
    assert service.pid() is None


def test_every_service_that_runs_is_known_whatever_its_name(service: Service) -> None:
    assert running(service.installation) == []
    service.start(["sleep", "60"], {})
    assert running(service.installation) == ["sleeper"]
    service.stop()
    assert running(service.installation) == []


def test_a_service_that_ignores_the_request_to_end_is_killed_with_its_children(service: Service) -> None:
    service.start(["sh", "-c", "trap '' TERM; sleep 60 & echo $! > child; while true; do sleep 1; done"], {})
    child = service.installation.home / "child"
    assert wait_until(lambda: child.exists() and child.read_text().strip() != "", 10)
    service.stop(grace_s=0.5)
    assert wait_until(lambda: not _alive(int(child.read_text())), 5)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_another_process_with_the_same_id_is_not_taken_for_the_service(service: Service) -> None:
    service.installation.folder("run").joinpath("sleeper.pid").write_text(f"{os.getpid()} 1")
    assert service.pid() is None


def test_a_service_started_by_an_older_version_is_recognised(service: Service) -> None:
    """Up to d186106, the start time was written in clock ticks since boot."""
    service.start(["sleep", "60"], {})
    pid = service.pid()
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    service.installation.folder("run").joinpath("sleeper.pid").write_text(f"{pid} {ticks}")
    assert service.pid() == pid is not None
    service.stop()


def test_a_service_that_dies_is_named_with_its_log(service: Service) -> None:
    service.start(["false"], {})
    began = time.monotonic()
    with pytest.raises(TransientError, match=r"sleeper did not start; see .*sleeper\.log"):
        await_ready(service, lambda: False, 30)
    assert time.monotonic() - began < 10

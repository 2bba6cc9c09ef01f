"""Starts a process that outlives its parent, and stops it with all its children."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError
from idh_tasks.local.accounts import PASSING_GROUP, Account
from idh_tasks.local.installation import Installation

STARTED_S = 180.0
"""A server needs seconds, and a minute on a machine that is busy; one that ends is noticed at once."""
GRACE_S = 15.0
NO_CORE_FILE = ("sh", "-c", 'ulimit -c 0 && exec "$@"', "sh")
"""A core file would contain data of patients that the process held; its children inherit the limit."""
CLOCK_SHIFT_S = 5.0
"""How far two readings of one start time may differ, as the system clock is adjusted."""


@dataclass(frozen=True)
class Service:
    """A background process of an installation, which writes to `logs/<name>.log`."""

    installation: Installation
    name: str

    @property
    def _pid_file(self) -> Path:
        return self.installation.folder("run") / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        """Return the file that the process writes to."""
        return self.installation.folder("logs") / f"{self.name}.log"

    def pid(self) -> int | None:
        """Return the process id, if the process is running and is the one that was started here."""
        try:
            pid, started = self._pid_file.read_text().split()
            process = psutil.Process(int(pid))
            same = abs(process.create_time() - _seconds(started)) < CLOCK_SHIFT_S
            ended = process.status() == psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        if ended:
            _reap(process)
        return process.pid if same and not ended else None

    def start(self, command: list[str], environment: Mapping[str, str], account: Account | None = None) -> None:
        """Start the process in a session of its own, unless it is already running.

        Parameters
        ----------
        account
            User and group of the process, if not this one's.
        """
        if self.pid() is not None:
            return
        process = self._started(command, environment, account)
        # The start time distinguishes it from a later process with the same id.
        self._pid_file.write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}")

    def run(self, command: list[str], environment: Mapping[str, str], account: Account | None = None) -> int:
        """Run a command to its end, with its output in the log of this service; return its exit status."""
        return self._started(command, environment, account).wait()

    def _started(
        self, command: list[str], environment: Mapping[str, str], account: Account | None
    ) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the command is ours
                [*NO_CORE_FILE, *command],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.installation.home,
                user=None if account is None else account.user,
                group=None if account is None else account.group,
                extra_groups=None if account is None else [PASSING_GROUP],
                umask=-1 if account is None else account.umask,
            )

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask the process group to end, and kill it after a grace period."""
        pid = self.pid()
        if pid is not None:
            os.killpg(pid, signal.SIGTERM)
            if not wait_until(lambda: self.pid() is None, grace_s):
                os.killpg(pid, signal.SIGKILL)
                wait_until(lambda: self.pid() is None, GRACE_S)
        self._pid_file.unlink(missing_ok=True)


def running(installation: Installation) -> list[str]:
    """Return the names of the services that run, whoever started them."""
    names = sorted(path.stem for path in installation.folder("run").glob("*.pid"))
    return [name for name in names if Service(installation, name).pid() is not None]


def _seconds(started: str) -> float:
    """Return a recorded start time in seconds since 1970; older versions wrote an integer of clock ticks since boot."""
    return psutil.boot_time() + int(started) / os.sysconf("SC_CLK_TCK") if started.isdecimal() else float(started)


def _reap(process: psutil.Process) -> None:
    """Collect the exit status of a child, so that it does not stay a zombie."""
    with suppress(psutil.TimeoutExpired):
        process.wait(timeout=0)


def wait_until(ready: Callable[[], bool], seconds: float, pause_s: float = 0.2) -> bool:
    """Wait until a condition holds, and return whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(pause_s)
    return ready()


def await_ready(service: Service, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a service is ready.

    Raises
    ------
    TransientError
        ``E_START`` with its log file, if the service ends or takes too long.
    """

    def settled() -> bool:
        return service.pid() is None or ready()

    if not wait_until(settled, seconds) or service.pid() is None:
        raise TransientError(Code.E_START, f"{service.name} did not start; see {service.log}")

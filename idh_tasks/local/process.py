"""Starts a process that outlives us, and stops it with everything it started."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError
from idh_tasks.local.installation import Installation

GRACE_S = 15.0


@dataclass(frozen=True)
class Service:
    """A background process of an installation; its log lies in `logs/<name>.log`."""

    installation: Installation
    name: str

    @property
    def _pid_file(self) -> Path:
        return self.installation.folder("run") / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        """Return the file to which the process writes."""
        return self.installation.folder("logs") / f"{self.name}.log"

    def pid(self) -> int | None:
        """Return the process id if the process lives and is ours."""
        try:
            pid, started = map(int, self._pid_file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        return pid if _started_at(pid) == started else None

    def start(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Start the process in a session of its own, unless it already runs."""
        if self.pid() is not None:
            return
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.installation.home,
            )
        # A core file would hold what the process knew of patients; what it starts inherits the limit.
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
        # The start time guards against another process with a recycled id.
        self._pid_file.write_text(f"{process.pid} {_started_at(process.pid) or 0}")

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask the process group to end; kill it when the grace is over."""
        pid = self.pid()
        if pid is not None:
            os.killpg(pid, signal.SIGTERM)
            if not wait_until(lambda: self.pid() is None, grace_s):
                os.killpg(pid, signal.SIGKILL)
                wait_until(lambda: self.pid() is None, GRACE_S)
        self._pid_file.unlink(missing_ok=True)


def _started_at(pid: int) -> int | None:
    """Return the kernel's start time of a live process (field 22 of /proc/PID/stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] == "Z":
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return None
    return int(fields[19])


def wait_until(ready: Callable[[], bool], seconds: float, pause_s: float = 0.2) -> bool:
    """Wait until a condition holds; tell whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(pause_s)
    return ready()


def await_ready(service: Service, ready: Callable[[], bool], seconds: float) -> None:
    """Wait for a service.

    Raises
    ------
    TransientError
        ``E_START`` with the log to look into, if it dies or takes too long.
    """

    def settled() -> bool:
        return service.pid() is None or ready()

    if not wait_until(settled, seconds) or service.pid() is None:
        raise TransientError(Code.E_START, f"{service.name} did not start; see {service.log}")

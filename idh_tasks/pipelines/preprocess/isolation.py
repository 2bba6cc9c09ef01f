"""Runs the work on each study in a child process, so that whatever kills that process costs one study only.

The child is a fresh interpreter, not a process of `multiprocessing`. Celery marks its workers as daemons, which may not
have such processes; and these would import the `airflow` command again, which fails inside a task, where Airflow
blocks its own database.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import ParamSpec, TypeVar

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, StudyQuarantinedError, TransientError, as_idh_error

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 2
KILLED = (EOFError, ConnectionError)
"""What the connection raises when the process at its other end is gone."""


@dataclass(frozen=True)
class _Child:
    process: "subprocess.Popen[bytes]"
    connection: Connection

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


class IsolatedProcess:
    """A child process that is started when it is first needed, and again after it was killed."""

    def __init__(self) -> None:
        self._child: _Child | None = None

    def __enter__(self) -> "IsolatedProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in the child; if the child is killed, once more in a new one.

        Raises
        ------
        StudyQuarantinedError
            ``E_PREPROC`` if the child is killed each time.
        IdhError
            What the function raised, as `as_idh_error` returns it.
        """
        for _ in range(ATTEMPTS):
            child = self._running()
            try:
                child.connection.send((work, args, kwargs))
                result: R | IdhError = child.connection.recv()
            except KILLED:
                self._end()
                continue
            if isinstance(result, IdhError):
                raise result
            return result
        raise StudyQuarantinedError(
            Code.E_PREPROC, f"the process was killed {ATTEMPTS} times, probably for lack of memory"
        )

    def _running(self) -> _Child:
        if self._child is None:
            self._child = _start()
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _start() -> _Child:
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "idh_tasks.pipelines.preprocess.isolation", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # The child finds the same modules as this process.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    child = _Child(process, ours)
    try:
        ours.recv()
    except KILLED:
        child.end()
        raise TransientError(Code.E_UNEXPECTED, "the child process for a study could not be started") from None
    return child


def _serve(connection: Connection) -> None:
    """Answer calls until the parent process is gone."""
    try:
        connection.send("ready")
        while True:
            connection.send(_answer(connection.recv_bytes()))
    except KILLED:
        return


def _answer(request: bytes) -> object:
    try:
        work, args, kwargs = pickle.loads(request)  # noqa: S301 - it comes from the parent process
        return work(*args, **kwargs)
    except Exception as error:  # the parent raises it; of an unforeseen error it gets type and place, not the text
        return as_idh_error(error)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))

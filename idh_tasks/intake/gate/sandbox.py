"""Runs the gate in a child process with limited memory and time, so that a hostile file harms only itself.

The child is a fresh interpreter that is called over a pipe, as in preprocessing, and for the same reasons it is not a
worker of a pool (decisions 6 and 42). It does not share the class of preprocessing, because it works under other rules:
its answers are JSON, since nothing may be unpickled that comes from a process that has just read hostile bytes; its
memory and time are limited; and it checks the next file while its parent still works on the last.
"""

import contextlib
import os
import select
import subprocess
import sys
import weakref
from collections.abc import Iterable, Iterator
from threading import Lock
from types import TracebackType
from typing import IO

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.protocol import decode_answer, write_file

TIME_LIMIT_S = 5.0
BYTES_PER_S = 20 * 2**20
"""Large files get more time: no decoder is slower than this."""


class Sandbox:
    """A gate in a process of its own, which ends with the sandbox or at the end of a `with`; threads may share it."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = Lock()
        weakref.finalize(self, _end, self._children)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _end(self._children)

    @property
    def pid(self) -> int:
        """Return the id of the child process, which is started if none is running."""
        return self._child().pid

    def check(self, content: bytes) -> None:
        """Pass a file through the gate in the child.

        Raises
        ------
        InstanceRejectedError
            What the gate raised, or ``E_GATE`` if the check exceeded its limit of memory or time.
        """
        for _, error in self.check_all([content]):
            if error is not None:
                raise error

    def check_all(self, contents: Iterable[bytes]) -> Iterator[tuple[bytes, InstanceRejectedError | None]]:
        """Yield each file with its error, if it has one; meanwhile the child checks the next."""
        with self._lock:
            remaining = iter(contents)
            sent = self._send_next(remaining)
            try:
                while sent is not None:
                    content, error = sent, self._answer(sent)
                    sent = self._send_next(remaining)
                    yield content, error
            finally:
                # A caller who stops early must not leave an answer behind for the next one.
                if sent is not None:
                    self._answer(sent)

    def _send_next(self, remaining: Iterator[bytes]) -> bytes | None:
        """Send the next file and return it, if there is one."""
        content = next(remaining, None)
        if content is not None:
            files = _pipe(self._child().stdin)
            # A child that has died does not answer: `_answer` reports that.
            with contextlib.suppress(OSError):
                write_file(files, content)
        return content

    def _answer(self, content: bytes) -> InstanceRejectedError | None:
        """Return the error of the file that was sent last, if it has one; a child that does not answer is killed."""
        seconds = TIME_LIMIT_S + len(content) / BYTES_PER_S
        answers = _pipe(self._child().stdout)
        line = answers.readline() if select.select([answers], [], [], seconds)[0] else b""
        if not line.endswith(b"\n"):
            _end(self._children)
            return InstanceRejectedError(Code.E_GATE, "the check of this file exceeded its limit of memory or time")
        return decode_answer(line)

    def _child(self) -> "subprocess.Popen[bytes]":
        if not self._children:
            self._children.append(_start())
        return self._children[0]


def _start() -> "subprocess.Popen[bytes]":
    """Start the child and wait until it is ready: the time to start must not count for the first file."""
    child = subprocess.Popen(
        [sys.executable, "-m", "idh_tasks.intake.gate.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    _pipe(child.stdout).readline()
    return child


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the child is started with both pipes"
    return pipe


def _end(children: "list[subprocess.Popen[bytes]]") -> None:
    """Kill the child and forget it; the next file gets a new one."""
    while children:
        child = children.pop()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()

"""Runs the gate in a child process with capped memory and time: a hostile file costs itself alone."""

import contextlib
import json
import os
import resource
import select
import struct
import subprocess
import sys
import weakref
from collections.abc import Iterable, Iterator
from threading import Lock
from types import TracebackType
from typing import BinaryIO

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError, UidMismatchError

MEMORY = 768 * 2**20
"""Bytes that the child may add to what it holds when it is ready."""
TIME_LIMIT_S = 5.0
BYTES_PER_S = 20 * 2**20
"""Large files get longer: decoding is slower than this nowhere."""
LENGTH = struct.Struct("<Q")
CODE = Code.E_GATE
KINDS = {kind.__name__: kind for kind in (InstanceRejectedError, InstanceSkippedError, UidMismatchError)}
"""What the gate raises: the child answers with the name of the type."""


class Sandbox:
    """A gate in a process of its own, which ends with the sandbox or at the end of a `with`; threads may share it."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._turn = Lock()
        weakref.finalize(self, _end, self._children)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _end(self._children)

    def check(self, content: bytes) -> None:
        """Pass a file through the gate in the child.

        Raises
        ------
        InstanceRejectedError
            What the gate raised, or ``E_GATE`` if the check was ended by its memory or time limit.
        """
        for _, error in self.check_all([content]):
            if error is not None:
                raise error

    def check_all(self, contents: Iterable[bytes]) -> Iterator[tuple[bytes, InstanceRejectedError | None]]:
        """Yield each file with what is wrong with it, if anything; meanwhile the child checks the next."""
        with self._turn:
            following = iter(contents)
            sent = self._sent(following)
            try:
                while sent is not None:
                    content, error = sent, self._answer(sent)
                    sent = self._sent(following)
                    yield content, error
            finally:
                # Whoever stops early leaves no answer behind for the next.
                if sent is not None:
                    self._answer(sent)

    def _sent(self, following: Iterator[bytes]) -> bytes | None:
        """Send the next file and return it, if there is one."""
        content = next(following, None)
        if content is not None:
            stdin = self._running().stdin
            # A child that died meanwhile gives no answer: that is seen there.
            with contextlib.suppress(OSError):
                if stdin is not None:
                    stdin.writelines((LENGTH.pack(len(content)), content))
                    stdin.flush()
        return content

    def _answer(self, content: bytes) -> InstanceRejectedError | None:
        """Return what is wrong with the file that was sent last; a child that does not answer is ended."""
        seconds = TIME_LIMIT_S + len(content) / BYTES_PER_S
        answers = self._running().stdout
        line = answers.readline() if answers and select.select([answers], [], [], seconds)[0] else b""
        if not line.endswith(b"\n"):
            _end(self._children)
            return InstanceRejectedError(CODE, "the check of this file broke its limit of memory or time")
        return _error(json.loads(line))

    def _running(self) -> "subprocess.Popen[bytes]":
        if not self._children:
            child = subprocess.Popen(
                [sys.executable, "-m", "idh_tasks.intake.gate.sandbox"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            self._children.append(child)
            # Starting Python must not count as the time of the first file.
            if child.stdout is not None:
                child.stdout.readline()
        return self._children[0]


def _end(children: "list[subprocess.Popen[bytes]]") -> None:
    """Kill the child and forget it; the next file gets a new one."""
    while children:
        child = children.pop()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _error(answer: list[str]) -> InstanceRejectedError | None:
    if not answer:
        return None
    kind, code, reason = answer
    return KINDS[kind](Code(code), reason)


def _cap_memory() -> None:
    with open("/proc/self/statm") as file:  # noqa: PTH123 - a file of the kernel
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _verdict(content: bytes) -> list[str]:
    from idh_tasks.intake.gate.instance import admit

    try:
        admit(content)
    except InstanceRejectedError as error:
        return [type(error).__name__, error.code, error.reason]
    except MemoryError:
        return [InstanceRejectedError.__name__, CODE, "the check of this file broke its limit of memory"]
    return []


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    answers.write(b"ready\n")
    answers.flush()
    while len(header := requests.read(LENGTH.size)) == LENGTH.size:
        answer = _verdict(requests.read(LENGTH.unpack(header)[0]))
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    import idh_tasks.intake.gate.instance  # noqa: F401 - loaded before the cap, so that it counts for no file

    _cap_memory()
    _serve(sys.stdin.buffer, sys.stdout.buffer)

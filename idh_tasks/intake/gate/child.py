"""The child process of the sandbox: reads files, passes them through the gate, and answers with its errors."""

import resource
import sys
from typing import IO

import psutil

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.protocol import READY, encode_answer, read_file

MEMORY_BYTES = 768 * 2**20
"""How much memory the child may use in addition to what it holds when it is ready."""


def limit_memory() -> None:
    """Limit the address space of this process, and write no core file: it would contain a patient's data."""
    limit = psutil.Process().memory_info().vms + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check(content: bytes) -> InstanceRejectedError | None:
    try:
        admit(content)
    except InstanceRejectedError as error:
        return error
    except MemoryError:
        return InstanceRejectedError(Code.E_GATE, "the check of this file exceeded its limit of memory")
    return None


def _serve(files: IO[bytes], answers: IO[bytes]) -> None:
    answers.write(READY)
    answers.flush()
    while (content := read_file(files)) is not None:
        answers.write(encode_answer(_check(content)))
        answers.flush()


if __name__ == "__main__":
    limit_memory()
    _serve(sys.stdin.buffer, sys.stdout.buffer)

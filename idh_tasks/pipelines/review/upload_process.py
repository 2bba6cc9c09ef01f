"""Rewrites an uploaded outline in a process with limited memory and time: a hostile file harms only that process.

Parent to child is pickle, which is ours; child to parent is the rewritten mask or a sentence, never a pickle, because
the child has read hostile bytes. It inherits no variable that holds a secret.
"""

import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Sequence
from threading import Lock

import psutil

from idh_tasks.errors import InstanceRejectedError, StudyQuarantinedError, without_text
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.imaging.outline.uploaded import is_dicom, rewrite_upload
from idh_tasks.intake.gate.instance import admit

TIME_LIMIT_S = 60
MEMORY_BYTES = 2 * 2**30
"""How much memory the child may use in addition to what it holds when it starts to read."""
ONE_AT_A_TIME = Lock()
"""Several uploads at once would need the memory several times."""
WRITTEN, REFUSED = b"+", b"-"
"""The first byte of an answer."""


def rewrite_apart(content: bytes, series: Sequence[ReferenceImage]) -> bytes:
    """Call `rewrite_upload` in a child process.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI``: what it raised, or that the file exceeds the limits of memory or time.
    """
    with ONE_AT_A_TIME:
        child = _ended(pickle.dumps((content, list(series))))
    kind, answer = child.stdout[:1], child.stdout[1:]
    if kind == WRITTEN:
        return answer
    if kind == REFUSED:
        raise refused(answer.decode())
    raise refused("reading the file exceeded its limit of memory or time")


def _ended(request: bytes) -> "subprocess.CompletedProcess[bytes]":
    """Run the child to its end."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    try:
        return subprocess.run(
            [sys.executable, "-m", "idh_tasks.pipelines.review.upload_process"],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIME_LIMIT_S,
            env=kept | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refused("reading the file exceeded its limit of time") from None


def _limit() -> None:
    """Limit the address space of this process, and write no core file: it would contain a patient's data."""
    limit = psutil.Process().memory_info().vms + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(content: bytes, series: Sequence[ReferenceImage]) -> bytes:
    try:
        if is_dicom(content):
            admit(content)
        return WRITTEN + rewrite_upload(content, series)
    except InstanceRejectedError as error:
        return REFUSED + f"the DICOM file is not accepted ({error})".encode()
    except StudyQuarantinedError as error:
        return REFUSED + error.reason.encode()
    except MemoryError:
        return REFUSED + b"reading the file exceeded its limit of memory"
    except Exception as error:  # its text may come from the header
        return REFUSED + f"the file cannot be read ({without_text(error)})".encode()


if __name__ == "__main__":
    _limit()
    sys.stdout.buffer.write(_answer(*pickle.load(sys.stdin.buffer)))  # noqa: S301 - it comes from the parent process

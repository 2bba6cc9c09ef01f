"""Runs a module of the platform in a process with limited memory and time: a hostile file harms only that process.

The process inherits no variable that holds a secret. It answers in bytes that its caller must not unpickle, because it
has read hostile ones.
"""

import os
import resource
import subprocess
import sys
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Limits:
    """How much memory a process may use beside what it holds when it starts to read, and how long it may take."""

    memory_bytes: int
    seconds: int


def run_confined(module: str, request: bytes, limits: Limits) -> bytes | None:
    """Return what a module answers to a request; None if it exceeds its limits, or ends without an answer."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=2 * limits.seconds,
            env=kept | threads | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.stdout if ended.returncode == 0 and ended.stdout else None


def confine(limits: Limits) -> None:
    """Limit the address space and the time of this process; it writes no core file, which would hold patients' data."""
    memory = psutil.Process().memory_info().vms + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

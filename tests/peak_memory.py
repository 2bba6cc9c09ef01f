"""The peak memory of work in a process of its own: this module is that process.

It reads from standard input, pickled, what to call with which arguments, and prints the peaks as its last line.
"""

import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings


@dataclass(frozen=True)
class Peak:
    """The most memory, in MiB, that a process held, and the largest of the confined ones that it waited for."""

    own: int
    confined: int


def peak_of(what: str, function: Callable[..., object], *arguments: Any) -> Peak:
    """Return the peak of a process that calls a function, and print it."""
    command = [sys.executable, "-m", "tests.peak_memory"]
    ended = subprocess.run(command, input=pickle.dumps((function, arguments)), stdout=subprocess.PIPE, check=True)  # noqa: S603 - ours
    own, confined = map(int, ended.stdout.split()[-2:])
    print(f"{what}: peak {own} MiB, confined {confined} MiB")  # noqa: T201 - the figure is what is asked for
    return Peak(own, confined)


def ingest(settings: Settings, source: str) -> None:
    """Ingest what the source has."""
    assert night.ingest(Platform(settings), (source,))


def _own_kib() -> int:
    """Return the peak of this process alone: `ru_maxrss` also counts the parent from which it was forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    called, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - it comes from the parent process
    called(*given)
    for peak in (_own_kib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss):
        print(peak // 1024)  # noqa: T201 - to the parent process

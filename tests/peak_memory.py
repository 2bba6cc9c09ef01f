"""The peak memory of work in a process of its own: this module is that process.

It reads from standard input, pickled, what to call with which arguments, and prints the peaks as its last line.
"""

import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
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


if __name__ == "__main__":
    called, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - it comes from the parent process
    called(*given)
    for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        print(resource.getrusage(whose).ru_maxrss // 1024)  # noqa: T201 - to the parent process

"""Shows the progress of the stages: bars on a terminal, a line per finished batch elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Stage:
    """A stage to be shown: its name among the counts, how many there will be at most, and how many make a batch."""

    name: str
    total: int
    batch: int

    def line(self, counts: Counts) -> str:
        """Return the line that states the progress of the stage."""
        return f"{self.name}: {counts[self.name]} of {self.total}"

    def batches(self, counts: Counts) -> int:
        """Return how many batches are finished; the last one may be smaller."""
        count = counts[self.name]
        return count // self.batch + (count >= self.total)


def finished_batches(stages: Sequence[Stage], before: Counts, now: Counts) -> list[str]:
    """Return a line for each stage that has finished a batch since `before`."""
    return [stage.line(now) for stage in stages if stage.batches(now) > stage.batches(before)]


@contextmanager
def shown(console: Console, stages: Sequence[Stage], start: Counts) -> Iterator[Callable[[Counts], None]]:
    """Yield a function that shows the counts with which it is called."""
    with _bars(console, stages) if console.is_terminal else _lines(console, stages, start) as update:
        yield update


@contextmanager
def _bars(console: Console, stages: Sequence[Stage]) -> Iterator[Callable[[Counts], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        tasks = {stage.name: progress.add_task(stage.name, total=stage.total) for stage in stages}

        def update(counts: Counts) -> None:
            for name, task in tasks.items():
                progress.update(task, completed=counts[name])

        yield update


@contextmanager
def _lines(console: Console, stages: Sequence[Stage], start: Counts) -> Iterator[Callable[[Counts], None]]:
    latest = start

    def update(counts: Counts) -> None:
        nonlocal latest
        for line in finished_batches(stages, latest, counts):
            console.print(line)
        latest = counts

    yield update
    for stage in stages:
        console.print(f"{stage.line(latest)}, done")

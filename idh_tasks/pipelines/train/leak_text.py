"""What a person reads about checks for leaks before approving a network."""

from collections.abc import Iterable, Iterator

from idh_tasks.codes import catalogue
from idh_tasks.domain.learning import LeakCheck


def leak_lines(checks: Iterable[LeakCheck]) -> Iterator[str]:
    """Yield a line for each check that found something, in Markdown."""
    for check in checks:
        if check.code is not None:
            yield f"- {check.code}: {catalogue()[check.code].meaning.removesuffix('.')} ({check})"

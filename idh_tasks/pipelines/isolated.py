"""Runs the work on one study in a process of its own: what kills that process costs this study alone."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from idh_tasks.errors import StudyQuarantinedError

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 2


def isolated(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in a child process, once more if the child was killed.

    Raises
    ------
    StudyQuarantinedError
        ``E_PREPROC`` if it was killed each time; what the function itself raises comes through.
    """
    for _ in range(ATTEMPTS):
        try:
            done: R = get_reusable_executor(max_workers=1).submit(work, *args, **kwargs).result()
        except TerminatedWorkerError:
            continue
        return done
    raise StudyQuarantinedError("E_PREPROC", f"the process was killed {ATTEMPTS} times, perhaps for want of memory")

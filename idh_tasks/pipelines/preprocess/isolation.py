"""Runs the work on one study in a process of its own: what kills that process costs this study alone."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError

R = TypeVar("R")
ATTEMPTS = 2


class Isolation:
    """A child process that is started when it is needed, and again when it was killed.

    It is not joblib's shared pool: trainings in this process use that one in their own way.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Isolation":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def call(self, work: Callable[..., R], *args: Any) -> R:
        """Call a function in the child, once more if the child was killed.

        Raises
        ------
        StudyQuarantinedError
            ``E_PREPROC`` if it was killed each time; what the function itself raises comes through.
        """
        for _ in range(ATTEMPTS):
            try:
                done: R = self._running().submit(work, *args).result()
            except TerminatedWorkerError:
                self._end()
                continue
            return done
        raise StudyQuarantinedError(
            Code.E_PREPROC, f"the process was killed {ATTEMPTS} times, perhaps for want of memory"
        )

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(max_workers=1)
        return self._pool

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(kill_workers=True)
            self._pool = None

"""Moves the clock of intake: every module of it that asks for the time gets a stated one."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, tzinfo
from types import ModuleType
from unittest.mock import patch

INTAKE = ("idh_tasks.pipelines.ingest", "idh_tasks.intake.transport")


@contextmanager
def it_is(moment: datetime) -> Iterator[None]:
    """Let it be a moment, which stands still."""

    class Stated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # of the class that it replaces
            return moment.astimezone(tz)

    with ExitStack() as patched:
        for module in _modules():
            patched.enter_context(patch.object(module, "datetime", Stated))
        yield


def _modules() -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(INTAKE) and vars(module).get("datetime") is datetime
    ]

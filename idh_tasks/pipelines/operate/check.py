"""Tests the platform's connections, as the page of sources and `idh check` do, and records what was found."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from idh_tasks.codes import Code
from idh_tasks.configuration.in_force import in_force
from idh_tasks.configuration.listed import NESTED
from idh_tasks.configuration.problems import FILES, problems
from idh_tasks.db import audit, checks
from idh_tasks.db.checks import Outcome, SourceCheck
from idh_tasks.db.engine import json_rows
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source
from idh_tasks.errors import IdhError, RunRefusedError, TransientError, as_idh_error
from idh_tasks.intake.selection.filters import filters
from idh_tasks.intake.selection.shown import shown
from idh_tasks.pipelines.operate.connection_tests import TESTS, ConnectionTest
from idh_tasks.pipelines.platform import Platform

LIMIT_S = 30.0
"""Seconds after which any source counts as silent; most have shorter limits of their own."""

WORDS = "words"
"""The name under which the tables of words in force are recorded beside the settings."""

Open = Callable[[Role], Platform]


def check(open_as: Open, source: Source, origin: str = "") -> SourceCheck:
    """Test one connection with the role that needs it; nothing is raised and nothing is left behind.

    Parameters
    ----------
    open_as
        Opens the platform as a role.
    origin
        Where its Connection comes from.
    """
    started, test = time.monotonic(), TESTS[source]
    try:
        platform = open_as(test.role)
        if not test.is_configured(platform):
            return SourceCheck(source, Outcome.ABSENT, None, "There is no such Connection.", 0, "", "")
        address = test.address(platform)
    except Exception as error:  # every fault becomes a sentence
        return _failed(source, as_idh_error(error), time.monotonic() - started, "", origin)
    found = _answer(test, platform)
    seconds = time.monotonic() - started
    if isinstance(found, IdhError):
        return _failed(source, found, seconds, address, origin)
    return SourceCheck(source, Outcome.OK, None, found, seconds, address, origin)


def _failed(source: Source, error: IdhError, seconds: float, address: str, origin: str) -> SourceCheck:
    return SourceCheck(source, Outcome.FAILED, error.code, _sentence(error.reason), seconds, address, origin)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}."


def _answer(test: ConnectionTest, platform: Platform) -> str | IdhError:
    """Return what a test says; a library that waits for ever is left behind in a thread of its own."""
    answers: queue.SimpleQueue[str | IdhError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(test.run(platform))
        except Exception as error:  # every fault becomes a sentence
            answers.put(as_idh_error(error))

    threading.Thread(target=work, daemon=True).start()
    try:
        return answers.get(timeout=LIMIT_S)
    except queue.Empty:
        return TransientError(test.silent, f"no answer within {LIMIT_S:g} s; check host, port and firewall")


def record(platform: Platform, found: SourceCheck) -> None:
    """Record a test.

    Raises
    ------
    RunRefusedError
        With the code of the fault, after it was recorded: a task that tests a broken source is red.
    """
    with platform.database.begin() as transaction:
        checks.save(transaction, found)
    if found.code is not None:
        raise RunRefusedError(found.code, f"{found.source}: {found.sentence}")


def record_settings(recorder: Platform, open_as: Open, environment: Mapping[str, str]) -> None:
    """Record the settings in force in this process, and each variable that is unknown or not valid.

    Raises
    ------
    RunRefusedError
        ``E_SETTINGS`` if there is such a variable, after it was recorded.
    """
    wrong = problems(environment)
    used = None if wrong else open_as(Role.INGEST).settings
    settings = {} if used is None else in_force(used, environment)
    words = {} if used is None else {WORDS: json_rows(map(vars, shown(filters(used.intake))))}
    worker = environment.get("IDH_WORKER", "local")
    with recorder.database.begin() as transaction:
        checks.save_settings(transaction, worker, settings | words, wrong, _from_environment(settings, environment))
    if wrong:
        raise RunRefusedError(Code.E_SETTINGS, "\n".join(wrong))


def _from_environment(settings: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """Return the settings that variables set: each its own, a whole group at once, or a file that is named."""
    named = {name.upper() for name in environment}
    return [s for s in settings if named & {s, s.partition(NESTED)[0], *(s + ending for ending in FILES)}]


def record_request(platform: Platform, sources: Sequence[Source], operator: str) -> None:
    """Record who has sources tested from the page."""
    with platform.database.begin() as transaction:
        audit.record(transaction, operator, "sources tested", "sources", sources=list(sources))

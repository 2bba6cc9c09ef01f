"""Works off what is due of a stage: a bounded number of tasks take one item after the other until none is left."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import due_work
from idh_tasks.db.due_work import Claim, Stage
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import TransientError, as_idh_error, is_of_surroundings
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

Outcomes = Counter[str]
"""Number of results by outcome."""

ATTEMPTS = 3
PAUSE_S = 3600.0
"""The pause after the first failure of an item; after the second one it is twice as long."""
LEASE_S = 2 * 3600.0
"""How long a hold lasts whose task is gone. A later attempt of the same task takes its item up at once."""
TIME_S = 50 * 60.0
"""A task ends itself within this time, before Airflow ends it; the rest is for the next run."""
GIVEN_UP = "given up"
POSTPONED = "postponed"


class Share(TypedDict):
    """A task's part of the work that is due, under the label that it has in the Airflow UI."""

    label: str


def shares(platform: Platform, stage: Stage, items: int) -> list[Share]:
    """Return a task for each `items` items that are due, or as many tasks as the settings permit.

    Which items a task works on is decided when it asks for the next one.
    """
    most = platform.settings.most_tasks
    with platform.database.begin() as transaction:
        due = due_work.count(transaction, stage, most * items)
    tasks = -(-due // items)
    return [Share(label=f"{number} of {tasks}") for number in range(1, tasks + 1)]


def work_off(
    platform: Platform,
    stage: Stage,
    holder: str,
    work: Callable[[StudyId], Outcomes],
    time_s: float = TIME_S,
) -> Outcomes:
    """Take one item after the other until none is due or the time is used; return the outcomes.

    An item that fails is tried again later, and given up after three attempts; the others go on. A task that is killed
    repeats the item that it was at.

    Parameters
    ----------
    holder
        The name of the task, the same in all its attempts.

    Raises
    ------
    TransientError, RunRefusedError
        If not the item is at fault, but a service or the installation.
    """
    with platform.database.begin() as transaction:
        due_work.release(transaction, stage, holder)
    outcomes = Outcomes()
    for claim in _claims(platform, stage, holder, time_s):
        outcomes.update(_outcome(platform, stage, claim, work))
    return outcomes


def _claims(platform: Platform, stage: Stage, holder: str, time_s: float) -> Iterator[Claim]:
    """Yield the next items, as long as another one as slow as the slowest so far would be done in time."""
    began, slowest = time.monotonic(), 0.0
    while (started := time.monotonic()) - began + slowest < time_s:
        with platform.database.begin() as transaction:
            claim = due_work.claim_next(transaction, stage, holder, LEASE_S)
        if claim is None:
            return
        yield claim
        slowest = max(slowest, time.monotonic() - started)
    log.info("the time of this task is used; the next run goes on")


def _outcome(platform: Platform, stage: Stage, claim: Claim, work: Callable[[StudyId], Outcomes]) -> Outcomes:
    if claim.attempts > ATTEMPTS:
        return _give_up(platform, stage, claim, Code.E_KILLED, f"its task was killed {ATTEMPTS} times")
    try:
        outcomes = work(StudyId(claim.item))
    except Exception as error:  # an item must not end the others
        known = as_idh_error(error)
        if is_of_surroundings(error):
            _hand_back(platform, stage, claim)
            raise known from None
        if claim.attempts == ATTEMPTS:
            return _give_up(platform, stage, claim, known.code, known.reason)
        return _postpone(platform, stage, claim, str(known))
    with platform.database.begin() as transaction:
        due_work.finish(transaction, stage, claim)
    return outcomes


def _hand_back(platform: Platform, stage: Stage, claim: Claim) -> None:
    with suppress(TransientError), platform.database.begin() as transaction:  # the database may be what is at fault
        due_work.hand_back(transaction, stage, claim)


def _postpone(platform: Platform, stage: Stage, claim: Claim, reason: str) -> Outcomes:
    with platform.database.begin() as transaction:
        due_work.postpone(transaction, stage, claim, PAUSE_S * 2 ** (claim.attempts - 1), reason)
    log.warning("%s of %s is tried again later: %s", stage, claim.item, reason)
    return Outcomes({POSTPONED: 1})


def _give_up(platform: Platform, stage: Stage, claim: Claim, code: Code, reason: str) -> Outcomes:
    with platform.database.begin() as transaction:
        due_work.give_up(transaction, stage, claim, code, reason)
    log.error("%s of %s is given up: %s: %s", stage, claim.item, code, reason)
    return Outcomes({GIVEN_UP: 1})


def is_left(platform: Platform, stage: Stage) -> bool:
    """Return whether anything is due now that another run could work on."""
    with platform.database.begin() as transaction:
        return due_work.is_left(transaction, stage, LEASE_S)

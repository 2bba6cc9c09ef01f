"""How much the PACS is asked for: associations at one time, retrieves per hour, hours of the day, and priority."""

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from enum import IntEnum
from typing import Protocol, runtime_checkable

from pydantic import ConfigDict, InstanceOf

from idh_tasks.codes import Code
from idh_tasks.domain.hours import Hours
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, TransientError


class Priority(IntEnum):
    """What a request asks of the PACS (PS3.7 annex C, Priority); nothing of ours is ever more urgent than a clinic."""

    MEDIUM = 0
    LOW = 2


@runtime_checkable
class Traffic(Protocol):
    """What all workers share, so that limits hold over all of them."""

    def slot(self, most: int, wait_s: float) -> AbstractContextManager[None]:
        """Hold one of the associations that the platform may have; see `PacsSettings.max_associations`."""

    def turn_in_s(self, per_hour: int, wait_s: float) -> float | None:
        """Take the next turn of a retrieve; return in how many seconds it is, or None if none is near enough."""


class SharedPacs(PacsSettings):
    """The PACS as every worker of this platform shares it: what opens an association with it respects the limits."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    traffic: InstanceOf[Traffic]


def shared(pacs: PacsSettings, traffic: Traffic) -> SharedPacs:
    """Return a PACS whose limits hold over everything that has the same traffic."""
    return SharedPacs(**{name: getattr(pacs, name) for name in PacsSettings.model_fields}, traffic=traffic)


def slot(pacs: PacsSettings) -> AbstractContextManager[None]:
    """Hold one of the platform's associations; without shared traffic, nothing is counted."""
    if not isinstance(pacs, SharedPacs):
        return nullcontext()
    return pacs.traffic.slot(pacs.max_associations, pacs.association_wait_s)


def await_turn(pacs: PacsSettings) -> None:
    """Wait until the rate limit lets the next retrieve start.

    Raises
    ------
    TransientError
        ``E_PACS_BUSY`` if that is not within the time to wait, ``E_PACS_HOURS`` outside of the hours of retrieves.
    """
    check_hours(pacs, datetime.now(UTC))
    if not isinstance(pacs, SharedPacs) or pacs.retrieves_per_hour is None:
        return
    wait_s = pacs.traffic.turn_in_s(pacs.retrieves_per_hour, pacs.association_wait_s)
    if wait_s is None:
        reason = f"the limit of {pacs.retrieves_per_hour} retrieves per hour leaves none soon"
        raise PeerBusyError(Code.E_PACS_BUSY, reason)
    time.sleep(max(wait_s, 0))


def check_hours(pacs: PacsSettings, now: datetime) -> None:
    """Refuse to start a retrieve outside of the hours that the settings state.

    Raises
    ------
    TransientError
        ``E_PACS_HOURS``.
    """
    if pacs.retrieve_hours is not None and now not in Hours.parse(pacs.retrieve_hours):
        raise TransientError(Code.E_PACS_HOURS, f"retrieves start within {pacs.retrieve_hours} only")


def is_quiet(quiet_hours: str | None, now: datetime) -> bool:
    """Return whether a backfill may retrieve at this time; without quiet hours it always may."""
    return quiet_hours is None or now in Hours.parse(quiet_hours)

"""What the simulated PACS records: associations, queries and retrieves, by night."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Literal

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Query:
    """A C-FIND with its level and the rows that it returned; `truncated` if there were more."""

    night: int
    level: str
    rows: int
    truncated: bool


@dataclass(frozen=True)
class Retrieve:
    """A C-GET or C-MOVE with its moment, its Priority (PS3.7 9.1.3.1) and the instances that were sent."""

    night: int
    moment: datetime
    method: Literal["C-GET", "C-MOVE"]
    priority: int
    study_uid: str
    instances: tuple[str, ...]


@dataclass
class Records:
    """The records, with the number of the night on whose account they are written."""

    clock: Clock = now
    night: int = 0
    queries: list[Query] = field(default_factory=list)
    retrieves: list[Retrieve] = field(default_factory=list)
    associations: int = 0
    peak: int = 0
    _open: set[int] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def opened(self, association: int) -> None:
        """Record that an association was accepted."""
        with self._turn:
            self._open.add(association)
            self.associations += 1
            self.peak = max(self.peak, len(self._open))

    def closed(self, association: int) -> None:
        """Record that an association, or a connection without one, has ended."""
        with self._turn:
            self._open.discard(association)

    def outside(self, since: time, until: time) -> list[Retrieve]:
        """Return the retrieves that began outside of hours over midnight."""
        return [one for one in self.retrieves if until <= one.moment.time() < since]

    @property
    def sent(self) -> set[str]:
        """Return the UIDs of all instances that were sent at some time."""
        return {uid for retrieve in self.retrieves for uid in retrieve.instances}

"""When something that failed is tried again: after one night, then after two, four and eight."""

from dataclasses import dataclass
from datetime import datetime, timedelta

NIGHT = timedelta(days=1)
MARGIN = NIGHT / 2
"""A night may begin earlier than the last one; what is tried again within this time is the same night."""


@dataclass(frozen=True)
class Tries:
    """In how many nights something was tried without an outcome, and when the next night counts as another one."""

    nights: int = 0
    next_at: datetime | None = None

    def begin(self, now: datetime) -> "Tries":
        """Return the tries with the one that begins now; several within a night are one."""
        if self.next_at is not None and now < self.next_at:
            return self
        return Tries(self.nights + 1, now + NIGHT * 2**self.nights - MARGIN)

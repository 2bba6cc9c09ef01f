"""Hours of the day in a stated time zone, such as the hours at night in which an archive may be read."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

PATTERN = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2}) (\S+)")


@dataclass(frozen=True)
class Hours:
    """The time from `start` until before `end` on every day; over midnight if `end` is the earlier one.

    Parameters
    ----------
    zone
        Whose clock counts; the hours keep their place when it changes to or from summer time.
    """

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Return the hours of a text such as ``20:00-06:00 Europe/Berlin``.

        Raises
        ------
        ValueError
            For anything else: without a time zone, nobody knows which hours are meant.
        """
        found = PATTERN.fullmatch(text)
        if found is None:
            raise ValueError("not two times and a time zone, such as 20:00-06:00 Europe/Berlin")
        start, end = (time.fromisoformat(found[part]) for part in (1, 2))
        if start == end:
            raise ValueError("the two times are the same")
        return cls(start, end, _zone(found[3]))

    def __contains__(self, moment: datetime) -> bool:
        """Return whether a moment, which has a time zone, is within these hours."""
        now = moment.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name} is no time zone") from None

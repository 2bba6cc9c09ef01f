"""Questions for studies, and the smaller ones that cover the same studies where a PACS does not list them all."""

import string
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

MINUTES = 24 * 60
CHARACTERS = f"{string.digits}{string.ascii_uppercase}{string.ascii_lowercase} -_./:#+"
"""With which a patient identifier may go on; an identifier with another character is missed, and noticed."""
LONGEST_PREFIX = 12


@dataclass(frozen=True)
class Question:
    """Asks for the MR studies of some days, of some minutes of a day, of patients whose identifier begins so.

    Parameters
    ----------
    last_minute
        The last minute of the day, included.
    patient
        Beginning of the identifier, or the whole one if it is `exact`. Part of an identifier: never logged.
    """

    since: date
    until: date
    first_minute: int = 0
    last_minute: int = MINUTES - 1
    patient: str = field(default="", repr=False)
    exact: bool = False

    @property
    def is_of_one_day(self) -> bool:
        """Return whether it asks for one day or less."""
        return self.since >= self.until

    @property
    def is_of_one_minute(self) -> bool:
        """Return whether it asks for one minute or less."""
        return self.first_minute == self.last_minute

    @property
    def is_of_whole_days(self) -> bool:
        """Return whether it asks for whole days and every patient."""
        return (self.first_minute, self.last_minute, self.patient) == (0, MINUTES - 1, "")

    @property
    def criteria(self) -> dict[str, str]:
        """Return the matching keys (PS3.4 C.2.2.2): ranges of date and time, and a wildcard."""
        keys = {"ModalitiesInStudy": "MR", "StudyDate": f"{self.since:%Y%m%d}-{self.until:%Y%m%d}"}
        if (self.first_minute, self.last_minute) != (0, MINUTES - 1):
            keys["StudyTime"] = f"{_clock(self.first_minute)}00-{_clock(self.last_minute)}59.999999"
        if self.patient:
            keys["PatientID"] = self.patient if self.exact else f"{self.patient}*"
        return keys

    @property
    def words(self) -> str:
        """Return what it asks for, without a part of an identifier."""
        day = f"{self.since}" if self.is_of_one_day else f"{self.since} to {self.until}"
        minutes = f" from {_clock(self.first_minute, ':')} to {_clock(self.last_minute + 1, ':')}"
        time = minutes if "StudyTime" in self.criteria else ""
        return f"{day}{time}{', of some patients' if self.patient else ''}"

    def divisions(self) -> list[list["Question"]]:
        """Return the ways to divide it, each a list of smaller questions; none if it cannot be made smaller."""
        if not self.is_of_one_day:
            return [self._by_day()]
        by_time = [self._by_time()] if not self.is_of_one_minute and not self.patient else []
        by_patient = [self._by_patient()] if not self.exact and len(self.patient) < LONGEST_PREFIX else []
        return by_time + by_patient

    def _by_day(self) -> list["Question"]:
        middle = self.since + (self.until - self.since) // 2
        return [replace(self, until=middle), replace(self, since=middle + timedelta(days=1))]

    def _by_time(self) -> list["Question"]:
        middle = (self.first_minute + self.last_minute) // 2
        return [replace(self, last_minute=middle), replace(self, first_minute=middle + 1)]

    def _by_patient(self) -> list["Question"]:
        itself = [replace(self, exact=True)] if self.patient else []
        return itself + [replace(self, patient=self.patient + character) for character in CHARACTERS]


def _clock(minute: int, between: str = "") -> str:
    return f"{minute // 60:02}{between}{minute % 60:02}"

"""Attributes by which the volumes of a dynamic series can be put in order of time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pydicom import Dataset

from idh_tasks.dicom.frames import is_enhanced

Reader = Callable[[Dataset], float | None]

DAY_S = 86_400.0
DATE_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2}\d*\.?\d*)?")


@dataclass(frozen=True)
class Clock:
    """One attribute that states order or time; `seconds` is true if its differences are durations in s."""

    name: str
    read: Reader
    seconds: bool


def seconds_of_day(text: object) -> float | None:
    """Return a DICOM time as seconds since midnight (PS3.5 6.2, TM)."""
    digits = str(text or "").strip().replace(":", "")
    if not re.fullmatch(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", digits):
        return None
    hours, minutes, rest = int(digits[:2]), int(digits[2:4] or 0), float(digits[4:] or 0)
    return hours * 3600 + minutes * 60 + rest


def seconds_of_date_time(text: object) -> float | None:
    """Return a DICOM date and time in seconds; its offset from UTC is the same within a series (PS3.5 6.2, DT)."""
    found = DATE_TIME.match(str(text or ""))
    time = seconds_of_day(found[4]) if found else None
    if found is None or time is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).toordinal() * DAY_S + time
    except ValueError:
        return None


def _number(keyword: str, unit: float = 1.0) -> Reader:
    def read(ds: Dataset) -> float | None:
        try:
            return float(ds.get(keyword)) * unit
        except (TypeError, ValueError):
            return None

    return read


def _date_time(keyword: str) -> Reader:
    return lambda ds: seconds_of_date_time(ds.get(keyword))


def _instance_number(ds: Dataset) -> float | None:
    """Return the Instance Number of the image; the place of a frame in its image says nothing about time."""
    if not is_enhanced(ds):
        return _number("InstanceNumber")(ds)
    in_file = getattr(ds, "file_number", None)
    return None if in_file is None else float(in_file)


TIMES = (
    Clock("Frame Acquisition DateTime", _date_time("FrameAcquisitionDateTime"), seconds=True),
    Clock("Frame Reference DateTime", _date_time("FrameReferenceDateTime"), seconds=True),
    Clock("Acquisition DateTime", _date_time("AcquisitionDateTime"), seconds=True),
    Clock("Acquisition Time", lambda ds: seconds_of_day(ds.get("AcquisitionTime")), seconds=True),
    Clock("Trigger Time", _number("TriggerTime", 1e-3), seconds=True),
    Clock("Temporal Position Time Offset", _number("TemporalPositionTimeOffset"), seconds=True),
)
"""Times, which must not contradict the order."""
INDEX = Clock("Temporal Position", _number("TemporalPositionIdentifier"), seconds=False)
NUMBERS = (
    Clock("Acquisition Number", _number("AcquisitionNumber"), seconds=False),
    Clock("Instance Number", _instance_number, seconds=False),
)
"""Numbers that give the order only if nothing else does: they also count other things than time."""

"""Dates of FHIR: a partial date is unknown, never the first of January."""

import re
from datetime import date, datetime
from typing import Any

PARTIAL = re.compile(r"\d{4}(-\d{2})?")

Moment = date | datetime | str | None
"""How fhir.resources returns a date or dateTime: partial ones (`2018`, `2018-06`) remain text."""


def day(moment: Moment) -> str:
    """Return the day, as the sender wrote it in its own time zone; empty where it is not known to the day."""
    return f"{moment:%Y-%m-%d}" if isinstance(moment, date) else ""


def begin(single: Moment, period: Any) -> str:
    """Return the day of a moment, or on which a period begins."""
    return day(single) or (day(period.start) if period else "")

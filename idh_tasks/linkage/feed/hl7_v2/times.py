"""Dates and times of HL7 (2A.21 and 2A.22): partial dates are unknown, impossible ones are errors."""

import re
from datetime import UTC, date, datetime

from idh_tasks.linkage.feed.hl7_v2.fields import Segment, Value
from idh_tasks.linkage.feed.hl7_v2.held import hold

TIME = re.compile(r"(\d{4}|\d{6}|(\d{8})(\d{2}|\d{4}|\d{6})?)(?:\.\d{1,4})?([+-]\d{4})?")
WRITTEN = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"\d\d?\.\d\d?\.\d{4}"), "%d.%m.%Y"),
)
"""Ways in which people write a day in a text field, as far as they have one meaning."""
COARSE = ("Y", "L")
"""Degrees of precision of year and month (TS.2)."""


def read_day(value: Value) -> date | None:
    """Return the day of a date or time, or None if it is empty or states a year or a month only.

    Raises
    ------
    ValueError
        If it is not a date, or an impossible one.
    """
    if value.parts and value.component(2) in COARSE:
        return None
    text = value.component(1) or value.text
    for pattern, form in WRITTEN:
        if pattern.fullmatch(text):
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no time zone
    return _day(text) if text else None


def _day(text: str) -> date | None:
    read = TIME.fullmatch(text)
    if read is None:
        raise ValueError
    if read[2] is None:
        datetime.strptime(read[1].ljust(6, "1")[:6] if len(read[1]) == 6 else read[1] + "01", "%Y%m")  # noqa: DTZ007
        return None
    return datetime.strptime(read[2], "%Y%m%d").date()  # noqa: DTZ007 - a date has no time zone


def read_time(text: str, offset: str = "") -> datetime:
    """Return a time in UTC; without any offset, the sender's own time counts as such.

    Parameters
    ----------
    offset
        Offset from UTC where the time states none, such as +0200: that of the message (MSH-7).

    Raises
    ------
    ValueError
        If it is not a time, an impossible one, or less exact than a day.
    """
    read = TIME.fullmatch(text)
    if read is None or read[2] is None:
        raise ValueError
    digits = (read[2] + (read[3] or "")).ljust(14, "0")
    zone = read[4] or offset or "+0000"
    return datetime.strptime(digits + zone, "%Y%m%d%H%M%S%z").astimezone(UTC)


def read_version(order: Segment, header: Segment) -> int:
    """Return the version of a report: the time of its last change (OBR-22), or else of the message, as 14 digits.

    Raises
    ------
    ValueError
        If neither states a valid time.
    """
    sent = header.text(7)
    changed = read_time(order.text(22) or sent, _offset(sent))
    return int(f"{changed:%Y%m%d%H%M%S}")


def message_time(header: Segment) -> datetime:
    """Return the time of a message.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if MSH-7 does not state one.
    """
    try:
        return read_time(header.text(7))
    except ValueError:
        hold("a message does not state its time (MSH-7)", header.line)


def _offset(text: str) -> str:
    stated = TIME.fullmatch(text)
    return stated[4] or "" if stated else ""

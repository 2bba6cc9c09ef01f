"""Reads dates as laboratories write them: a partial date is unknown, an ambiguous one is refused."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from idh_tasks.domain.pathology import DateOrder
from idh_tasks.linkage.feed.values import read_text

ZONE = r"\s?(?:Z|[+-]\d{2}:?\d{2})"
TIME = rf"(?:[T ]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:{ZONE})?)?"
COMPACT_TIME = rf"(?:(?<=^\d{{8}})\d{{2}}(?:\d{{2}}(?:\d{{2}}(?:\.\d+)?)?)?(?:{ZONE})?)?"
YEAR_FIRST = re.compile(
    rf"(?P<y>\d{{4}})(?P<s>[-/.]?)(?P<m>\d{{2}})(?P=s)(?P<d>\d{{2}})(?:{COMPACT_TIME}|{TIME})", re.ASCII
)
DOTTED = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})" + TIME, re.ASCII)
SLASHED = re.compile(r"(?P<a>\d{1,2})(?P<s>[/-])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})" + TIME, re.ASCII)
PARTIAL = re.compile(r"(?P<y>\d{4})|(?P<ym>\d{4})[-/.]?(?P<m>\d{2})|(?P<m2>\d{1,2})[-/.](?P<my>\d{4})", re.ASCII)
EARLIEST = date(1900, 1, 2)
"""Databases and spreadsheets write 1900-01-01 and earlier days where they know none."""


def read_date(value: object, order: DateOrder | None = None) -> date | None:
    """Return a date, or None where there is none or its day is not known.

    Parameters
    ----------
    order
        How the feed writes dates with slashes; without it, only those are read that can be read in one way.

    Raises
    ------
    ValueError
        If its format is unknown, it can be read in two ways, or the day does not exist or cannot be true.
    """
    if isinstance(value, datetime):
        return _plausible(value.date()) if value == value else None  # noqa: PLR0124 - pandas' NaT is not equal to itself
    if isinstance(value, date):
        return _plausible(value)
    if isinstance(value, bool) or (isinstance(value, float) and not math.isnan(value)):
        raise ValueError("is a number, not a date")
    text = read_text(value)
    if not text or _is_partial(text):
        return None
    try:
        return _plausible(_full(text, order))
    except ValueError:
        raise ValueError("does not contain a date that can be read in one way") from None


def slash_order(value: object) -> DateOrder | None:
    """Return the order that a date with slashes shows, or None if it shows none.

    Raises
    ------
    ValueError
        If it can be read in both orders, as two different days.
    """
    found = SLASHED.fullmatch(read_text(value)) if isinstance(value, str) else None
    first, second = (int(found["a"]), int(found["b"])) if found else (0, 0)
    if first == second or not (first and second):
        return None
    if max(first, second) <= 12:
        raise ValueError
    return "day_first" if first > second else "month_first"


def shown_orders(values: Iterable[object]) -> set[DateOrder]:
    """Return the orders that the unambiguous dates of a column show; one of two orders is a mistake."""
    return {order for value in values if (order := _shown(value)) is not None}


def _shown(value: object) -> DateOrder | None:
    try:
        return slash_order(value)
    except ValueError:
        return None


def _is_partial(text: str) -> bool:
    """Return whether year or month stand alone, or zeros stand for what is not known."""
    if found := PARTIAL.fullmatch(text):
        year, month = found["y"] or found["ym"] or found["my"], found["m"] or found["m2"] or "1"
        return int(year) == 0 or (EARLIEST.year <= int(year) <= _latest().year and int(month) <= 12)
    found = YEAR_FIRST.fullmatch(text) or DOTTED.fullmatch(text)
    if found:
        return 0 in (int(found["d"]), int(found["m"]), int(found["y"]))
    found = SLASHED.fullmatch(text)
    return found is not None and 0 in (int(found["a"]), int(found["b"]), int(found["y"]))


def _full(text: str, order: DateOrder | None) -> date:
    if found := YEAR_FIRST.fullmatch(text) or DOTTED.fullmatch(text):
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    found = SLASHED.fullmatch(text)
    if found is None:
        raise ValueError
    first, second, year = int(found["a"]), int(found["b"]), int(found["y"])
    if first == second:
        return date(year, first, second)
    shown = order or slash_order(text)
    return date(year, second, first) if shown == "day_first" else date(year, first, second)


def _plausible(day: date) -> date:
    """Refuse days that databases write where they know none, and days to come."""
    if not EARLIEST <= day <= _latest():
        raise ValueError
    return day


def _latest() -> date:
    """Return tomorrow, which may be today where the laboratory is."""
    return datetime.now(UTC).date() + timedelta(days=1)

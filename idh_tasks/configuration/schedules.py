"""What the variables of the DAGs accept: schedules, time zone, start and approval; each fault in words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
"""Those of Airflow."""
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
RANGES = ("0–59", "0–23", "1–31", "1–12 or JAN–DEC", "0–7 or SUN–SAT")
NOT_FIXED = re.compile(r"(^|[\s,])[RH]([\s(/,]|$)", re.IGNORECASE)
"""Fields for which croniter would choose a value itself."""
NO_PLACES = {"localtime", "Factory"}
"""Files beside those of the time zones: the first is that of one machine, and Airflow runs on several."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""The first times that Python has cannot be stated in every time zone."""
SHOWN = 20


@dataclass(frozen=True)
class Rule:
    """What a variable accepts, in words; `fault` returns None for a right value, and else a remark or nothing."""

    words: str
    fault: Callable[[str], str | None]


def cron_fault(text: str) -> str | None:
    """Return what is wrong with a schedule, or None if Airflow can follow it."""
    if text in PRESETS:
        return None
    fields = text.split()
    if len(fields) != len(FIELDS):
        return ""
    wrong = [_named(at, field) for at, field in enumerate(fields) if not _is_cron(_alone(at, field))]
    if wrong or not _is_cron(text):
        return "; ".join(wrong)
    return None if _is_ever_due(text) else "there is no such day in any year"


def time_zone_fault(text: str) -> str | None:
    """Return the most similar name if a time zone is unknown, or None if it is known."""
    names = _time_zones()
    if text in names.values():
        return None
    near = get_close_matches(text.lower(), names, n=1)
    return f"the most similar is {names[near[0]]}" if near else ""


@cache
def _time_zones() -> dict[str, str]:
    """Return the names of the time zones by their spelling in lower case."""
    return {name.lower(): name for name in sorted(available_timezones() - NO_PLACES)}


def start_fault(text: str) -> str | None:
    """Return what is wrong with the start of the schedules, or None if it is a time in the past."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return ""
    in_utc = start if start.tzinfo else start.replace(tzinfo=UTC)
    if in_utc < EARLIEST:
        return f"it is before {EARLIEST.year}"
    return "no DAG runs before it, and it is in the future" if in_utc > datetime.now(UTC) else None


def _named(at: int, field: str) -> str:
    return f"its {FIELDS[at]} '{field[:SHOWN]}' is not within {RANGES[at]}"


def _alone(at: int, field: str) -> str:
    return " ".join(field if other == at else "*" for other in range(len(FIELDS)))


def _is_cron(text: str) -> bool:
    try:
        croniter(text)
    except (CroniterBadCronError, CroniterBadDateError, ValueError, KeyError):
        return False
    return not NOT_FIXED.search(text)


def _is_ever_due(text: str) -> bool:
    try:
        croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next()
    except CroniterBadDateError:
        return False
    return True


def _approval_fault(text: str) -> str | None:
    return None if text in ("person", "auto") else ""


def _name_fault(text: str) -> str | None:
    return None if text.strip() else ""


CRON = Rule("five fields of cron such as `0 1 * * *`", cron_fault)
CONNECTION = Rule("the name of a Connection", _name_fault)
RULES: Mapping[str, Rule] = {
    "IDH_START": Rule("a time in the past such as `2026-01-01T00:00:00Z`", start_fault),
    "IDH_TIME_ZONE": Rule("a name of the IANA time zones such as `Europe/Berlin`", time_zone_fault),
    "IDH_INGEST_CRON": CRON,
    "IDH_LINK_CRON": CRON,
    "IDH_RETRAIN_CRON": CRON,
    "IDH_BACKFILL_CRON": CRON,
    "IDH_APPROVAL": Rule("one of `person`, `auto`", _approval_fault),
}
"""Any other variable of the DAGs is the name of a Connection."""

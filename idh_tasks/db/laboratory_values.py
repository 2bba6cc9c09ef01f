"""Values of the laboratory's database, whatever its dialect, in the types that the feed reads."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

ZERO_DATE = "0000-00-00"
"""What MySQL and MariaDB store for an unknown date."""

FIRST_CHANGE = datetime(1901, 1, 1, tzinfo=UTC)
"""An earlier time of change stands for none: databases have dates of their own for it, such as 1753 and 1900."""


def plain_row(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with values that the feed can read; a version that is a time becomes its digits."""
    plain = {name: plain_value(value) for name, value in row.items()}
    version = plain.get("version")
    return plain | ({"version": version_of(version)} if isinstance(version, date) else {})


def plain_value(value: object) -> object:
    """Return a value without what is peculiar to a driver.

    Fixed-width text loses its padding, bytes are read as UTF-8, whole decimals become integers, and MySQL's date zero
    becomes None. Bytes that are not UTF-8 stay bytes.
    """
    if isinstance(value, memoryview | bytearray | bytes):
        value = _decoded(bytes(value))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, str):
        text = value.rstrip(" \0")
        return None if text.startswith(ZERO_DATE) else text
    return value


def version_of(moment: date) -> int:
    """Return a date or a time as a version: its digits, in UTC if it states a time zone."""
    if not isinstance(moment, datetime):
        return int(f"{moment:%Y%m%d}")
    return int(f"{moment.astimezone(UTC) if moment.tzinfo else moment:%Y%m%d%H%M%S}")


def moment_of(value: object) -> datetime | None:
    """Return the time of a change in UTC, or None if there is none or it cannot be read.

    A time without a zone is taken as UTC and a date as its midnight; only differences of days matter.
    """
    plain = plain_value(value)
    try:
        moment = _in_utc(datetime.fromisoformat(plain) if isinstance(plain, str) else plain)
    except (ValueError, OverflowError):
        return None
    return moment if moment is None or moment >= FIRST_CHANGE else None


def _in_utc(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


def _decoded(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content

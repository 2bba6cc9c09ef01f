"""Dates as DICOM writes them (PS3.5 6.2)."""

from datetime import date, datetime


def day_of(text: object) -> date | None:
    """Return the day that a DICOM date names (PS3.5 6.2), or None if there is no such day."""
    try:
        return datetime.strptime(str(text), "%Y%m%d").date()  # noqa: DTZ007 - DICOM dates have no zone
    except ValueError:
        return None

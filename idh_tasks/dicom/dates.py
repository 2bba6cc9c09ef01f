"""Dates in the format of DICOM (PS3.5 6.2)."""

from datetime import date, datetime


def parse_date(text: object) -> date | None:
    """Return the day of a DICOM date, or None if the text is no valid date."""
    try:
        return datetime.strptime(str(text), "%Y%m%d").date()  # noqa: DTZ007 - DICOM dates have no zone
    except ValueError:
        return None

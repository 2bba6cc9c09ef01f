"""The version of a report: the time of its issue, so that it is comparable with that of HL7."""

from datetime import UTC, datetime
from typing import Any

LONGEST = 18
"""Digits of a number that the database can hold (bigint)."""


def report_version(report: Any) -> str:
    """Return the version of a DiagnosticReport; a later version has a greater number.

    The time of issue comes first, as 14 digits in UTC, because every channel states it. Without one, the server's time
    of the last update counts, and then its number of the version.

    Returns
    -------
    str
        Digits; empty if nothing states a version.
    """
    meta = report.meta
    moment = report.issued or (meta.lastUpdated if meta else None)
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
    number = report_revision(report)
    return "" if number is None else str(number)


def report_revision(report: Any) -> int | None:
    """Return `meta.versionId` if it is a number: it orders the versions of one server that state the same time."""
    stated = str(report.meta.versionId or "") if report.meta else ""
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= LONGEST else None

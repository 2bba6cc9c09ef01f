"""The version of a report: the time of its issue, so that it is comparable with that of HL7."""

from datetime import UTC, datetime
from typing import Any


def report_version(report: Any) -> str:
    """Return the version of a DiagnosticReport; a later version has a greater number.

    The time of issue comes first, as 14 digits in UTC, because every channel states it. Without one, the server's time
    of the last update counts, and then its number of the version. A correction with the time of the version that it
    corrects has the same number and other content, which is a conflict, not an older version.

    Returns
    -------
    str
        Digits; empty if nothing states a version.
    """
    meta = report.meta
    moment = report.issued or (meta.lastUpdated if meta else None)
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
    stated = str(meta.versionId or "") if meta else ""
    return stated if stated.isascii() and stated.isdigit() else ""

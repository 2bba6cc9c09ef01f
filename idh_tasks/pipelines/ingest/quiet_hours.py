"""The hours in which a backfill may load the archive."""

from datetime import datetime

BEGIN_H, END_H = 20, 6


def is_quiet(now: datetime) -> bool:
    """Return whether a time is in the quiet hours."""
    return now.hour >= BEGIN_H or now.hour < END_H

"""Parameters that several pages take, and what their texts mean."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, TypeVar

from fastapi import Form, HTTPException, Path, Query
from pydantic import StringConstraints

T = TypeVar("T")

StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Text = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Query(ge=1, le=10_000)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True), Form(min_length=3, max_length=500, pattern=r"^[^\x00]*$")
]
"""Why a person decides something; blanks alone are no reason."""


def day(text: str) -> date | None:
    """Return a day from a form; 422 if it is none."""
    return _read(text, date.fromisoformat, "a date is written as 2026-01-31")


def moment(text: str) -> datetime | None:
    """Return a moment in UTC, or the beginning of a day; 422 if it is neither."""
    found = _read(text, datetime.fromisoformat, "a moment is written as 2026-01-31 or 2026-01-31T01:00")
    return found.replace(tzinfo=None) if found else None


def _read(text: str, read: Callable[[str], T], written: str) -> T | None:
    try:
        return read(text) if text else None
    except ValueError:
        raise HTTPException(422, written) from None

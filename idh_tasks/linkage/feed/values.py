"""Reads single values as laboratories write them; a word that is not in these tables is refused, never guessed."""

import math
import re
from datetime import UTC, datetime, timedelta

from idh_tasks.domain.pathology import ReportStatus
from idh_tasks.linkage.versions import time_digits

VERSION = re.compile(r"\d{1,18}", re.ASCII)
"""What the database can store as a whole number."""
EXACT = 2**53
"""The largest number up to which a floating-point number is exact."""
AGE = re.compile(r"\d{1,3}(?:[.,]\d+)?", re.ASCII)
STATUSES = {
    ReportStatus.FINAL: "final amended corrected modified appended f c endbefund endgültig definitivo définitif",
    ReportStatus.PRELIMINARY: "preliminary partial registered p i r s a o vorläufig preliminare provisoire preliminar",
    ReportStatus.CANCELLED: "cancelled canceled entered-in-error x d w withdrawn storniert annullato annulé anulado",
}
"""Words, and the codes of HL7 tables 0123 and 0085."""
SEXES = {
    "F": "f female w weiblich frau femmina femminile féminin femme femenino mujer",
    "M": "m male männlich mann maschio maschile masculin homme masculino hombre",
    "O": "o other u unknown a n d x divers unbekannt",
}


def read_text(value: object) -> str:
    """Return a value as text; None, NULL, NaN and HL7's `""` become an empty text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if text in ("NaT", "nan", "None", "NULL", '""') else text


def read_age(value: object) -> float | None:
    """Return an age in years, or None where there is none.

    Raises
    ------
    ValueError
        If it is not a number from 0 to 130.
    """
    text = read_text(value)
    if not text:
        return None
    age = float(text.replace(",", ".")) if AGE.fullmatch(text) else math.inf
    if age > 130:
        raise ValueError
    return age


def read_version(value: object) -> int:
    """Return a version number; a later version has a greater one.

    Raises
    ------
    ValueError
        If it is not a whole number of at most 18 digits, or a time to come: every later correction would be older.
    """
    text = read_text(value)
    if isinstance(value, bool) or (isinstance(value, float) and value > EXACT) or not VERSION.fullmatch(text):
        raise ValueError("is not a whole number")
    if (time_digits(int(text)) or "") > f"{datetime.now(UTC) + timedelta(days=1):%Y%m%d%H%M%S}":
        raise ValueError("lies in the future")
    return int(text)


def read_status(value: object) -> ReportStatus:
    """Return the status of a report.

    Raises
    ------
    ValueError
        If the word is unknown: it could mean that the report was withdrawn.
    """
    word = read_text(value).lower()
    status = next((status for status, words in STATUSES.items() if word in words.split()), None)
    if status is None:
        raise ValueError
    return status


def read_sex(value: object) -> str | None:
    """Return F, M or O, or None where no sex is stated.

    Raises
    ------
    ValueError
        If the word is unknown.
    """
    word = read_text(value).lower()
    if not word:
        return None
    sex = next((sex for sex, words in SEXES.items() if word in words.split()), None)
    if sex is None:
        raise ValueError
    return sex

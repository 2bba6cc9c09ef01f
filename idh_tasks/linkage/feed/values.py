"""Reads single values as laboratories write them; what is not in these tables is refused, never guessed."""

import math
import re
from datetime import date, datetime

from idh_tasks.domain.pathology import ReportStatus

DATES = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y")
STATUSES = {
    ReportStatus.FINAL: "final amended corrected modified appended f c endbefund endgültig definitivo définitif",
    ReportStatus.PRELIMINARY: "preliminary partial registered p i r s a o vorläufig preliminare provisoire preliminar",
    ReportStatus.CANCELLED: "cancelled canceled entered-in-error x d w withdrawn storniert annullato annulé anulado",
}
"""Words, and the letters of HL7 tables 0123 and 0085."""
SEXES = {
    "F": "f female w weiblich frau femmina femminile féminin femme femenino mujer",
    "M": "m male männlich mann maschio maschile masculin homme masculino hombre",
    "O": "o other u unknown a n d x divers unbekannt",
}


def read_text(value: object) -> str:
    """Return a text; nothing, NULL and NaN are empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if text in ("NaT", "nan", "None", "NULL") else text


def read_date(value: object) -> date | None:
    """Return a day.

    Raises
    ------
    ValueError
        If it is written in no known way.
    """
    if isinstance(value, datetime):
        return value.date() if value == value else None  # noqa: PLR0124 - a missing time is not equal to itself
    if isinstance(value, date):
        return value
    text = re.split(r"[T ]", read_text(value))[0]
    if not text:
        return None
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError


def read_number(value: object) -> float | None:
    """Return a number, or None where there is none.

    Raises
    ------
    ValueError
        If it is no number.
    """
    text = read_text(value).replace(",", ".")
    return float(text) if text else None


def read_version(value: object) -> int:
    """Return a version; later ones are greater.

    Raises
    ------
    ValueError
        If it is no whole number.
    """
    return int(read_text(value))


def read_status(value: object) -> ReportStatus:
    """Return how far a report is.

    Raises
    ------
    ValueError
        If the word is not known: a new one may mean that the report does not hold.
    """
    word = read_text(value).lower()
    found = (status for status, words in STATUSES.items() if word in words.split())
    status = next(found, None)
    if status is None:
        raise ValueError
    return status


def read_sex(value: object) -> str | None:
    """Return F, M or O, or None where nothing is stated.

    Raises
    ------
    ValueError
        If the word is not known.
    """
    word = read_text(value).lower()
    if not word:
        return None
    sex = next((sex for sex, words in SEXES.items() if word in words.split()), None)
    if sex is None:
        raise ValueError
    return sex

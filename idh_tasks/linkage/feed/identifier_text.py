"""Reads identifiers literally, and refuses those that a spreadsheet or an export has changed."""

import re
import unicodedata
from decimal import Decimal

MONTHS = (
    "jan|janv|gen|ene|feb|fév|févr|mar|mär|mars|mrz|mrt|apr|avr|abr|may|mai|mag|jun|juin|giu|jul|juil|lug|aug|août|ago"
    "|sep|sept|set|oct|okt|ott|nov|dec|dez|déc|dic"
)

RUINED = {
    "a number in scientific notation": r"[+-]?\d+[.,]\d*E[+-]?\d+|[+-]?\d+E[+-]\d+",
    "a decimal number": r"[+-]?\d+[.,]0+",
    "a number with thousands separators": r"\d{1,3}(?:[,'’]\d{3})+",
    "a date": (
        r"\d{1,2}([./-])\d{1,2}\1\d{4}(?: .*)?|\d{1,2}([./])\d{1,2}\2\d{2}|(?:19|20)\d{2}-[01]\d-[0-3]\d(?:[T ].*)?"
        rf"|\d{{1,2}}[-. ]{{1,2}}(?:{MONTHS})(?:[-. ]\d{{2,4}})?|(?:{MONTHS})[-. ]\d{{2,4}}"
    ),
    "a formula, an error value, or a word in quotes": r"[=+@#'\"´`‘’‚“”„«»-].*|.*[\"“”„]",
    "a word for 'not known'": (
        r"NULL|NONE|NAN|NAT|NIL|N[/.]?A[.]?|UNKNOWN|UNBEKANNT|INCONNU|IGNOTO|SCONOSCIUTO|DESCONOCIDO|TRUE|FALSE"
        r"|WAHR|FALSCH|VRAI|FAUX|VERO|FALSO|VERDADERO|0+|\?+|\*+|\.+|_+|X{2,}"
    ),
}
"""What an identifier is no longer, by the pattern of its text."""
PATTERNS = {name: re.compile(pattern, re.IGNORECASE | re.DOTALL | re.ASCII) for name, pattern in RUINED.items()}
PRECISION = 15
"""A spreadsheet keeps this many digits of a number and replaces the others by zeros."""
CHANCE = 3
"""So many digits that are all zeros are no coincidence."""


def read_identifier(value: object) -> str:
    """Return an identifier as it was written, without the blanks around it.

    Raises
    ------
    ValueError
        If it is missing or is not what the sender's system has stored; the message says why, without the value.
    """
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.as_tuple().exponent == 0:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        is_missing = value is None or value != value  # noqa: PLR0124 - NaN is not equal to itself
        raise ValueError("is missing" if is_missing else "is not a text")  # noqa: TRY004 - one error for all
    return _checked(unicodedata.normalize("NFC", value.strip(" ")))


def _checked(text: str) -> str:
    if not text:
        raise ValueError("is missing")
    if any(not _is_plain(character) for character in text):
        raise ValueError("contains an invisible or unusual character")
    for name, pattern in PATTERNS.items():
        if pattern.fullmatch(text):
            raise ValueError(f"is {name}")
    if text.isdecimal() and len(text) >= PRECISION + CHANCE and not text[PRECISION:].strip("0"):
        raise ValueError("is a number whose last digits are lost")
    return text


def _is_plain(character: str) -> bool:
    """Return whether people type this character into a number: no control, no digit or letter that only looks alike."""
    if character.isascii():
        return character.isprintable()
    if character.isalpha():
        is_latin = unicodedata.name(character, "").startswith("LATIN")
        return is_latin and unicodedata.normalize("NFKC", character) == character
    return unicodedata.category(character)[0] in "PS"

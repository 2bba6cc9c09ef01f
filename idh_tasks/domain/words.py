"""Tables of words by which studies and series are selected: their rows, and the words of a text."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO

NO_WORD = re.compile(r"[^a-z0-9]+")
CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a new word begins without a blank, as in `MRBrain` and `BrainRoutine`."""
WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not take apart, as those of `głowa`."""
PATTERN_WORD = re.compile(r"\*?[a-z0-9]+\*?")
KIND = re.compile(r"[a-z][a-z0-9 ]{0,39}")
COLUMNS = ["decision", "kind", "field", "words"]


class Choice(StrEnum):
    """What a row of a table decides; ASK leaves a study to what its series say."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ASK = "ask"


class TextField(StrEnum):
    """What a row is compared with: descriptions and body parts, codes of procedures, or the name of a station."""

    TEXT = "text"
    CODE = "code"
    STATION = "station"


@dataclass(frozen=True)
class WordRule:
    """One phrase of a table: `kind` says what it stands for, such as `knee`."""

    choice: Choice
    kind: str
    field: TextField
    words: tuple[str, ...]

    @property
    def phrase(self) -> str:
        """Return the phrase as the table has it."""
        return " ".join(self.words)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters, without accents."""
    letters = unicodedata.normalize("NFKD", CAPITALS.sub(" ", text).casefold().translate(WITHOUT_ACCENT))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return tuple(NO_WORD.sub(" ", plain).split())


def read_rules(text: str) -> tuple[WordRule, ...]:
    """Return the rules of a table (CSV with the columns decision, kind, field, words; phrases separated by `|`).

    A word may begin or end in `*`, which stands for any letters.

    Raises
    ------
    ValueError
        If the table is not understood, with the line.
    """
    rows = csv.reader(StringIO(text))
    if next(rows, None) != COLUMNS:
        raise ValueError(f"line 1: the columns must be {','.join(COLUMNS)}")
    return tuple(rule for line, row in enumerate(rows, start=2) if row for rule in _rules(line, row))


def _rules(line: int, row: list[str]) -> list[WordRule]:
    if len(row) != len(COLUMNS):
        raise ValueError(f"line {line}: {len(row)} columns instead of {len(COLUMNS)}")
    choice, kind, field, phrases = (cell.strip() for cell in row)
    if choice not in list(Choice) or field not in list(TextField) or not KIND.fullmatch(kind):
        raise ValueError(f"line {line}: decision, kind or field is not understood")
    return [WordRule(Choice(choice), kind, TextField(field), _phrase(line, one)) for one in phrases.split("|")]


def _phrase(line: int, text: str) -> tuple[str, ...]:
    """Return the words of a phrase, each of which may have a `*` at its ends."""
    words = tuple(text.split())
    if not words or not all(PATTERN_WORD.fullmatch(word) for word in words):
        raise ValueError(f"line {line}: a phrase must be words of a-z and 0-9, with * only at their ends")
    return words

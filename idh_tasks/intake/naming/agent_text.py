"""Reads the text of a contrast agent: it counts only if all of it was understood."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

from idh_tasks.intake.naming.name import plain_letters

TABLE = Path(__file__).parent / "tables" / "contrast_agents.csv"
AMOUNT = r"(?P<amount>\d+(?:[.,]\d+)?)"
UNIT = r"(?:mmol|mol|molar|ml|cc|cm3|mg|g|l|m|%|s|sec|min|x)(?:\s?/\s?(?:ml|l|kg|s|sec|min|mmol))?"
BETWEEN_WORDS = re.compile(r"[\s_,;:()\[\]\-./+&®™]*")
DASH = re.compile(r"[-\u2013\u2014/\s]+")
"""A dash in place of an agent."""


class AgentText(StrEnum):
    """What a text says: an agent was given, none was, nothing at all, or something that is not understood."""

    GIVEN = "given"
    DENIED = "denied"
    SILENT = "silent"
    NOT_UNDERSTOOD = "not understood"


@cache
def read_agent_text(text: str) -> AgentText:
    """Return what a text says about an MR contrast agent, such as 'Gadovist 7.5 ml', 'kein KM' or 'NaCl'."""
    if not text.strip():
        return AgentText.SILENT
    return AgentText.DENIED if DASH.fullmatch(text) else _meaning(list(_words(plain_letters(text))))


@cache
def is_intravenous(text: str) -> bool:
    """Return whether a route is empty, or all of it is understood as an injection into a vein."""
    return {meaning for meaning, _ in _words(plain_letters(text))} <= {"filler"}


def _grammar() -> re.Pattern[str]:
    """Return a pattern that matches one word or phrase, in the group named after its meaning."""
    patterns: dict[str, list[str]] = defaultdict(list)
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            patterns[row["meaning"]].append(row["pattern"])
    meanings = "|".join(f"(?P<{meaning}>{'|'.join(words)})" for meaning, words in patterns.items())
    return re.compile(rf"(?:{meanings}|{AMOUNT}\s?(?:{UNIT})?|{UNIT})(?![a-z0-9])")


GRAMMAR = _grammar()


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield meaning and text of each word or phrase; the first one that is not understood ends the text."""
    place = _next_word(text, 0)
    while place < len(text):
        found = GRAMMAR.match(text, place)
        if not found:
            yield "unknown", ""
            return
        yield found.lastgroup or "unit", found["amount"] or found.group()
        place = _next_word(text, found.end())


def _next_word(text: str, place: int) -> int:
    between = BETWEEN_WORDS.match(text, place)
    return between.end() if between else place


def _meaning(words: list[tuple[str, str]]) -> AgentText:
    kinds = {kind for kind, _ in words} - {"filler", "unit"}
    amounts = [float(text.replace(",", ".")) for kind, text in words if kind == "amount"]
    if amounts and not any(amounts):
        return AgentText.DENIED if kinds <= {"amount", "denied"} else AgentText.NOT_UNDERSTOOD
    if "unknown" in kinds or ("denied" in kinds and not kinds <= {"denied", "agent", "contrast"}):
        return AgentText.NOT_UNDERSTOOD
    if "denied" in kinds:
        return AgentText.DENIED
    if "agent" in kinds or (kinds & {"contrast", "affirmed"} and "other" not in kinds):
        return AgentText.GIVEN
    return AgentText.DENIED if kinds and kinds <= {"other", "amount"} and "other" in kinds else AgentText.NOT_UNDERSTOOD

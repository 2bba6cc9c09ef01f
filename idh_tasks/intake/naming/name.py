"""Reads the name of a series: the sequence and contrast that its words stand for."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.sequence_rules import BESIDE_AGENT, CONTRAST, NAMES, NO_CONTRAST

BETWEEN_WORDS = re.compile(r"[_/.:;,()\[\]<>^\-\s]+")
MINUS_AGENT = re.compile(r"(?<![a-z0-9])(c|km|gd|gado|iv|civ|mdc|inj)-(?=[\s_)]|$)|(?<![a-z0-9+])-(c|km|gd|gado)\b")
"""An agent with a minus sign is none; after a word, as in T1-Gd, the sign is a hyphen."""
SLASHED = re.compile(r"\b([cs])/ ?(?=(c|ct?e|gd|gado|km|i?v|civ|contr\w*)\b)")
"""Spanish and Portuguese: c/ is with, s/ is without."""
UNCLEAR_AGENT = re.compile(r"(?<=[a-z0-9])-c(?=[\s_]|$)")
NO_3D_GRADIENT = re.compile(r"\b2d\b|fl2d|\b[tf]?se\b|\btse\d|blade|propeller|multivane|space|\bspc\b|cube|vista")
"""Words for pulse sequences that are no 3D gradient echo."""
WITH = r"\b(w|with|mit|m|avec|con|com|met|med|cu|c|post|after|nach|apres|dopo|despues|apos|na)"
WITHOUT = (
    r"\b(wo|w ?o|without|ohne|o|sans|senza|sin|sem|zonder|utan|uden|uten|fara|s|pre|before|vor|avant|prima|antes|voor)"
)
AGENT = r"( (iv )?(km|kontrast\w*|contrast\w*|gad\w*|gd|mdc|civ?|iv|inj\w*|c|pdc))?\b"
AND = r" ?(\+|&|\b(and|und|u|et|puis|e|ed|y|en|och|og|si|or|oder|ou|n|then|dann|poi)\b) ?"
PAIRS = "|".join((
    "w ?wo", "w w ?o", "w ?o w", "with without", "without with", "mit ohne", "ohne mit", "m o", "avec sans",
    "sans avec", "con sin", "sin con", "con senza", "senza con", "com sem", "sem com", "met zonder", "zonder met",
    "pre post", "[sz] [ai] bez", "bez [ai] [sz]", "c s(?= (contr|gad|gd|civ|iv))",
))  # fmt: skip
"""Two words that need no 'and' between them."""
BOTH = re.compile(rf"{WITH}{AGENT}{AND}{WITHOUT}{AGENT}|{WITHOUT}{AGENT}{AND}{WITH}{AGENT}|\b({PAIRS}){AGENT}")
"""Words for images before and after contrast in one protocol: they say nothing about the series."""
PLUS_MINUS = re.compile(r"\+ ?/? ?-|- ?/? ?\+|±")
AGENT_WORD = re.compile(r"kontras[tcz]\w*|contrast\w*|gad\w*|gd|n?km|mdc|inj\w*|civ")
MPRAGE = re.compile(r"\bmp ?rage|\brage\b|\bmprs?\b|t1mprage")
"""A name that protocols use on both sides of the contrast agent."""


@dataclass(frozen=True)
class NameReading:
    """What the words of a name stand for; never the words themselves.

    `both` is a name of images before and after contrast; `unclear` one in which an unknown word stands beside the
    agent, which may deny it.
    """

    indication: Indication | None
    before: bool
    after: bool
    both: bool
    unclear: bool
    no_3d_gradient: bool
    mprage: bool


def read_name(text: str) -> NameReading:
    """Return what a name stands for."""
    whole = normalised(text)
    name = BOTH.sub(" ", whole)
    rule = next((rule for rule in NAMES if rule.pattern.search(name)), None)
    after = NO_CONTRAST.sub(" ", name)
    return NameReading(
        indication=Indication(rule.sequence, rule.meaning, rule.kind, rule.also) if rule else None,
        before=bool(NO_CONTRAST.search(name)),
        after=bool(CONTRAST.search(after)),
        both=name != whole,
        unclear=not all(map(BESIDE_AGENT.fullmatch, _beside_agent(after))),
        no_3d_gradient=bool(NO_3D_GRADIENT.search(name)),
        mprage=bool(MPRAGE.search(name)),
    )


def _beside_agent(name: str) -> Iterator[str]:
    """Yield the words before and after each word for a contrast agent."""
    words = name.split()
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if AGENT_WORD.fullmatch(word):
            yield from (before, after)


def normalised(text: str) -> str:
    """Return a name in lower case, without accents, with single spaces between its words."""
    plain = PLUS_MINUS.sub(" with and without ", plain_letters(text))
    plain = SLASHED.sub(lambda match: "con contraste " if match.group(1) == "c" else "sin ", plain)
    plain = UNCLEAR_AGENT.sub(" without contrast with contrast ", plain)
    plain = MINUS_AGENT.sub(" without contrast ", plain)
    return BETWEEN_WORDS.sub(" ", plain).strip()


def plain_letters(text: str) -> str:
    """Return a text in lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))

"""Reads the name of a series: the sequence, contrast and region that its words stand for."""

import re
import unicodedata
from dataclasses import dataclass

from idh_tasks.intake.naming.indication import Indication
from idh_tasks.intake.naming.sequence_rules import CONTRAST, ELSEWHERE, NAMES, NO_CONTRAST

BETWEEN_WORDS = re.compile(r"[_/.:;,()\[\]<>^\-\s]+")
MINUS_AGENT = re.compile(r"(?<![a-z0-9])(c|km|gd|gado|iv|civ|mdc|inj)-(?=[\s_)]|$)|(?<![a-z0-9+])-(c|km|gd|gado)\b")
"""An agent with a minus sign is none; after a word, as in T1-Gd, the sign is a hyphen."""
UNCLEAR_AGENT = re.compile(r"(?<=[a-z0-9])-c(?=[\s_]|$)")
NO_3D_GRADIENT = re.compile(r"\b2d\b|fl2d|\b[tf]?se\b|\btse\d|blade|propeller|multivane|space|\bspc\b|cube|vista")
"""Words for pulse sequences that are no 3D gradient echo."""
MPRAGE = re.compile(r"\bmp ?rage|\brage\b|\bmprs?\b|t1mprage")
"""A name that protocols use on both sides of the contrast agent."""


@dataclass(frozen=True)
class NameReading:
    """What the words of a name stand for; never the words themselves."""

    indication: Indication | None
    before: bool
    after: bool
    no_3d_gradient: bool
    mprage: bool
    elsewhere: bool


def read_name(text: str) -> NameReading:
    """Return what a name stands for."""
    name = normalised(text)
    rule = next((rule for rule in NAMES if rule.pattern.search(name)), None)
    return NameReading(
        indication=Indication(rule.sequence, rule.meaning, rule.kind, rule.also) if rule else None,
        before=bool(NO_CONTRAST.search(name)),
        after=bool(CONTRAST.search(NO_CONTRAST.sub(" ", name))),
        no_3d_gradient=bool(NO_3D_GRADIENT.search(name)),
        mprage=bool(MPRAGE.search(name)),
        elsewhere=bool(ELSEWHERE.search(name)),
    )


def normalised(text: str) -> str:
    """Return a name in lower case, without accents, with single spaces between its words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    plain = UNCLEAR_AGENT.sub(" without contrast with contrast ", plain)
    plain = MINUS_AGENT.sub(" without contrast ", plain)
    return BETWEEN_WORDS.sub(" ", plain).strip()

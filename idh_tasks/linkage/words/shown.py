"""What may be shown of a laboratory's text: the words of the lexicon; any other word could be a name."""

import re

from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.tokens import LEXICON, tokenise

SURNAMES = frozenset({"case", "epic", "fall", "forte", "may", "stark"})
WORDS = frozenset(word for phrase in LEXICON for word in phrase.split()) - SURNAMES
NUMBER = re.compile(r"%|[<>≤≥~]?\d{1,3}(?:[.,]\d)?%?")


def known_words(text: str) -> str:
    """Return a laboratory's text with every word outside the lexicon replaced by an ellipsis."""
    shown = [word if _is_known(word) else "…" for word in text.split()]
    return re.sub(r"…( …)+", "…", " ".join(shown))


def _is_known(word: str) -> bool:
    """Return whether every part of a word, between hyphens and other signs, is in the lexicon."""
    plain = normalise(word).strip(".,;:()[]!?\"'+-=&/")
    parts = re.split(r"[-/]", plain)
    return all(part in WORDS or NUMBER.fullmatch(part) or _is_token(part) for part in parts)


def _is_token(part: str) -> bool:
    """Return whether a part of a word is nothing, or names genes, variants or loci."""
    return part not in SURNAMES and all(token.part is not Part.DOUBT for token in tokenise(part))

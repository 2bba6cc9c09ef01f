"""Splits the name of a segment or structure into words: at capital letters and digits, and German compounds."""

import re
from collections.abc import Iterator
from functools import cache

from idh_tasks.dicom import structure_words as words
from idh_tasks.dicom.structure_words import folded, plain

SIGNS = frozenset("-–+/&")
SEPARATORS = re.compile(r"[\s_.,:;()\[\]{}#'’\"]+")
CHUNK = re.compile(r"[^\W_]+|[^\w\s]")
CAMEL = re.compile(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+")
DESCRIPTIONS = re.compile(
    r"(?<![^\W_])(?:intra)?(?:brain|cranial)[ _]?(?=(?:tumou?r|lesion|neoplasm|mass)(?![^\W\d_]))"
    r"|(?<![^\W_])(?:ring|rim)[ _-]?(?=enhancing)"
    r"|(?<![^\W_])(?:brain[ _-]?stem|hirnstamm|hersenstam)[ _-]?(?=gliom|glioom|glioblastom|astro[cz]yto)"
    r"|(?<=gliom[aei])[ _](?:du|del|dei|des)[ _](?:tronc|tronco)[ _](?:cerebral|cerebrale|encephalique|encefalico)"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
"""What describes a tumour with words that mean another structure where they stand alone: a glioma of the brainstem is
a disease of its own, and nobody calls the brainstem so."""
STEM = re.compile(r"gtv|tumou?r|tumeur|gezwel|gliom|glioblast|lasion|lesion")
LINKS = ("", "s", "es", "n", "en", "er")
"""What German puts between the words of a compound."""
LEAST_LETTERS = 4
"""Shorter words are not sought in compounds, where they would be found by chance."""
MOST_LETTERS = 64
JOINING = frozenset(("and", "und", "with", "mit", "avec", "con", "+", "&", "incl", "including", "inkl"))
MAX_INDEX = 9
"""Larger numbers in a name are no numbering; they may be a dose or a margin."""
MEANT = frozenset().union(words.TUMOUR, *words.PARTS.values())
"""Words for a tumour or its parts."""
KNOWN: frozenset[str] = frozenset().union(
    MEANT,
    words.PLACEHOLDERS,
    words.WHOLE,
    words.NEUTRAL,
    words.LOCATIONS,
    words.WHOLE_HEAD,
    words.REGIONS,
    words.HELPERS,
    JOINING - SIGNS,
)


def tokens_of(text: str) -> list[str]:
    """Return the folded words of a name, and its signs; every other character is a word that nobody understands."""
    tokens = [token for part in SEPARATORS.split(DESCRIPTIONS.sub("", plain(text))) for token in _words(part)]
    return [_conjunction(tokens, place) for place in range(len(tokens))]


def is_understood(word: str) -> bool:
    """Return whether a word is known, or the number or letter of one of several structures."""
    return word in KNOWN or word == "non" or is_index(word)


def is_index(word: str) -> bool:
    """Return whether a word only numbers a structure."""
    return word in ("a", "b", "c") or (word.isdecimal() and int(word) <= MAX_INDEX)


def may_mean_tumour(word: str) -> bool:
    """Return whether a word that is not understood contains the stem of a word for a tumour."""
    return word not in KNOWN and STEM.search(word) is not None


def _words(part: str) -> Iterator[str]:
    for chunk in CHUNK.findall(part):
        yield from (folded(chunk),) if folded(chunk) in KNOWN else _pieces(chunk)


def _pieces(chunk: str) -> Iterator[str]:
    """Split a chunk between letters and digits, and at capital letters, where that gives known words."""
    for piece in re.findall(r"\d+|[^\W\d_]+|[^\w\s]", chunk):
        camel = [folded(part) for part in CAMEL.findall(piece)]
        if folded(piece) in KNOWN:
            yield folded(piece)
        elif len(camel) > 1 and any(part in KNOWN for part in camel):
            yield from camel
        else:
            yield from _compound(folded(piece)) or (folded(piece),)


def _compound(word: str) -> tuple[str, ...]:
    """Return the known words of which a word is made, or nothing."""
    if word.startswith("gtv") and word[3:] in KNOWN:
        return "gtv", word[3:]
    return _split(word) if len(word) <= MOST_LETTERS else ()


@cache
def _split(word: str) -> tuple[str, ...]:
    for end in range(len(word), LEAST_LETTERS - 1, -1):
        if word[:end] not in KNOWN:
            continue
        if end == len(word):
            return (word,)
        for link in LINKS:
            rest = _split(word[end + len(link) :]) if word[end:].startswith(link) else ()
            if rest:
                return word[:end], *rest
    return ()


def _conjunction(tokens: list[str], place: int) -> str:
    """Return a word, or 'and' if it joins two words for a tumour or its parts, as in 'tumeur et œdème'."""
    joins = 0 < place < len(tokens) - 1 and tokens[place - 1] in MEANT and tokens[place + 1] in MEANT
    return "and" if joins and tokens[place] in words.CONJUNCTIONS else tokens[place]

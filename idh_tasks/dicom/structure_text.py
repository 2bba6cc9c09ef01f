"""Reads the name of a segment or structure: it counts as a tumour's only if every word of it was understood."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from idh_tasks.dicom import structure_words as words
from idh_tasks.dicom.structure_role import PARTS, StructureRole

CHUNK = re.compile(r"[^\W_]+|[-–+/&]")
CAMEL = re.compile(r"[^\W\d_]?[^\W\d_A-ZÄÖÜ]+|[A-ZÄÖÜ]+(?![a-zäöü])|\d+")
BRAIN_TUMOUR = re.compile(
    r"(?<![^\W_])(?:intra)?(?:brain|cerebral|cranial)[ _]?(?=(?:tumou?r|lesion|neoplasm|mass)(?![^\W\d_]))",
    re.IGNORECASE,
)
COMPOUND = re.compile(r"(gtv|ptv|ctv|itv|tumou?r)(.+)")
SIGNS = "-–+/&"
JOINING = frozenset(("and", "und", "with", "mit", "+", "&", "incl", "including", "inkl"))
MAX_INDEX = 9
"""Larger numbers in a name are no numbering; they may be a dose or a margin."""
ROLES = {role.value: role for role in StructureRole}
KNOWN = frozenset().union(
    words.TUMOUR, words.WHOLE, words.NEUTRAL, words.OTHER, JOINING - {"+", "&"}, *words.PARTS.values()
)


@dataclass(frozen=True)
class _Reading:
    """What the words of a name say."""

    tumour: bool
    whole: bool
    parts: tuple[str, ...]
    other: bool
    understood: bool


def role_of_text(text: str) -> StructureRole:
    """Return the role that a name gives to a structure.

    A name with a word for another structure, or for a margin, ring or difference, is never a tumour's. A tumour's name
    with a word that is not understood gives `POSSIBLE`.
    """
    if text in ROLES:
        return ROLES[text]
    reading = _read(unicodedata.normalize("NFC", text))
    if reading.other:
        return StructureRole.OTHER
    if not (reading.tumour or reading.parts):
        return StructureRole.UNNAMED
    if not reading.understood:
        return StructureRole.POSSIBLE
    return StructureRole.TUMOUR if reading.whole or not reading.parts else PARTS[reading.parts[0]]


def _read(text: str) -> _Reading:
    tokens = list(_tokens(BRAIN_TUMOUR.sub("", text)))
    plain = [word for word in tokens if word not in SIGNS]
    parts = _parts(plain)
    noun, whole = (any(token in meant for token in plain) for meant in (words.TUMOUR, words.WHOLE))
    joined = noun and any(token in JOINING for token in tokens)
    doubtful = [token for token in plain if not _is_understood(token)]
    subtracts = _joins_wholes_and_parts(tokens)
    other = any(token in words.OTHER for token in plain) or _negates(plain) or _adds_margin(tokens)
    return _Reading(noun or whole, whole or joined, parts, other, not doubtful and not subtracts)


def _tokens(text: str) -> Iterator[str]:
    for chunk in CHUNK.findall(text):
        if chunk.lower() in KNOWN:
            yield chunk.lower()
        else:
            yield from _pieces(chunk)


def _pieces(chunk: str) -> Iterator[str]:
    """Split a chunk between letters and digits, and at capital letters, where that gives known words."""
    by_digits = re.findall(r"\d+|[^\W\d_]+|[-–+/&]", chunk)
    for piece in by_digits:
        camel = [part.lower() for part in CAMEL.findall(piece)]
        compound = COMPOUND.fullmatch(piece.lower())
        if piece.lower() in KNOWN:
            yield piece.lower()
        elif len(camel) > 1 and any(part in KNOWN for part in camel):
            yield from camel
        else:
            yield from compound.groups() if compound else (piece.lower(),)


def _is_understood(word: str) -> bool:
    return word in KNOWN or word == "non" or (word.isdecimal() and int(word) <= MAX_INDEX)


def _parts(tokens: list[str]) -> tuple[str, ...]:
    found = [name for name, names in words.PARTS.items() if any(token in names for token in tokens)]
    if "non" in tokens and "enhancing" in found:
        found[found.index("enhancing")] = "non-enhancing"
    return tuple(found)


def _negates(tokens: list[str]) -> bool:
    """Return whether 'non' stands before anything but an enhancing part."""
    enhancing = words.PARTS["enhancing"] | {"contrast"}
    following = (*tokens[1:], "")
    return any(one == "non" and after not in enhancing for one, after in zip(tokens, following, strict=False))


def _adds_margin(tokens: list[str]) -> bool:
    """Return whether a number is added to a name, as in 'GTV+5'."""
    return any(one == "+" and following.isdecimal() for one, following in pairwise(tokens))


def _joins_wholes_and_parts(tokens: list[str]) -> bool:
    """Return whether a hyphen stands between a tumour and one of its parts: it may mean 'minus'."""
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    parts = frozenset().union(*(words.PARTS[name] for name in ("necrosis", "cyst", "oedema", "enhancing")))
    return any(one in words.TUMOUR and dash in "-–" and other in parts for one, dash, other in triples)

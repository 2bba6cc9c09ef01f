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
DESCRIPTIONS = re.compile(
    r"(?<![^\W_])(?:intra)?(?:brain|cerebral|cranial)[ _]?(?=(?:tumou?r|lesion|neoplasm|mass)(?![^\W\d_]))"
    r"|(?<![^\W_])(?:ring|rim)[ _-]?(?=enhancing)",
    re.IGNORECASE,
)
"""What describes a tumour with words that mean another structure where they stand alone."""
COMPOUND = re.compile(r"(gtv|ptv|ctv|itv|tumou?r)(.+)")
SIGNS = "-–+/&"
JOINING = frozenset(("and", "und", "with", "mit", "+", "&", "incl", "including", "inkl"))
MAX_INDEX = 9
"""Larger numbers in a name are no numbering; they may be a dose or a margin."""
ROLES = {role.value: role for role in StructureRole}
KNOWN: frozenset[str] = frozenset().union(
    words.TUMOUR,
    words.WHOLE,
    words.NEUTRAL,
    words.WHOLE_HEAD,
    words.REGIONS,
    words.HELPERS,
    JOINING - {"+", "&"},
    *words.PARTS.values(),
)


@dataclass(frozen=True)
class _Reading:
    """What the words of a name say."""

    tumour: bool
    whole: bool
    parts: tuple[str, ...]
    helper: bool
    whole_head: bool
    region: bool
    understood: bool


def role_of_text(text: str) -> StructureRole:
    """Return the role that a name gives to a structure.

    A name with a word for a margin, ring or difference is never a tumour's. A tumour's name gives `POSSIBLE` with a
    word that is not understood or names a region, and `CONTRADICTORY` with a word for the whole brain or head.
    """
    if text in ROLES:
        return ROLES[text]
    reading = _read(unicodedata.normalize("NFC", text))
    named = reading.tumour or bool(reading.parts)
    if not named:
        other = reading.helper or reading.whole_head or reading.region
        return StructureRole.OTHER if other else StructureRole.UNNAMED
    if reading.helper:
        return StructureRole.DERIVED
    if reading.whole_head:
        return StructureRole.CONTRADICTORY
    if reading.region or not reading.understood:
        return StructureRole.POSSIBLE
    return StructureRole.TUMOUR if reading.whole or not reading.parts else PARTS[reading.parts[0]]


def _read(text: str) -> _Reading:
    tokens = list(_tokens(DESCRIPTIONS.sub("", text)))
    plain = [word for word in tokens if word not in SIGNS]
    parts = _parts(plain)
    noun, whole = (any(token in meant for token in plain) for meant in (words.TUMOUR, words.WHOLE))
    joined = noun and any(token in JOINING for token in tokens)
    doubtful = [token for token in plain if not _is_understood(token)]
    return _Reading(
        tumour=noun or whole,
        whole=whole or joined,
        parts=parts,
        helper=any(token in words.HELPERS for token in plain) or _negates(plain) or _changes(tokens),
        whole_head=any(token in words.WHOLE_HEAD for token in plain),
        region=any(token in words.REGIONS for token in plain),
        understood=not doubtful and not _joins_wholes_and_parts(tokens),
    )


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


def _changes(tokens: list[str]) -> bool:
    """Return whether a number is added, as in 'GTV+5', or a tumour taken away, as in 'Brain-GTV'."""
    around = words.WHOLE_HEAD | words.REGIONS
    adds = any(one == "+" and following.isdecimal() for one, following in pairwise(tokens))
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return adds or any(one in around and dash in "-–" and other in words.TUMOUR for one, dash, other in triples)


def _joins_wholes_and_parts(tokens: list[str]) -> bool:
    """Return whether a hyphen stands between a tumour and one of its parts: it may mean 'minus'."""
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    parts = frozenset().union(*(words.PARTS[name] for name in ("necrosis", "cyst", "oedema", "enhancing")))
    return any(one in words.TUMOUR and dash in "-–" and other in parts for one, dash, other in triples)

"""Reads the name of a segment or structure: it counts as a tumour's only if every word of it was understood."""

from dataclasses import dataclass
from itertools import pairwise

from idh_tasks.dicom import structure_words as words
from idh_tasks.dicom.structure_role import PARTS, StructureRole
from idh_tasks.dicom.structure_tokens import JOINING, SIGNS, is_index, is_understood, may_mean_tumour, tokens_of

ROLES = {role.value: role for role in StructureRole}
ENHANCING = words.PARTS["enhancing"] | {"contrast"}
INSIDE = frozenset(("necrosis", "cyst"))
"""Parts that a tumour encloses, and that an outline of the tumour contains."""


@dataclass(frozen=True)
class _Reading:
    """What the words of a name say; `placeholders` is whether all of them say nothing."""

    tumour: bool
    parts: frozenset[str]
    joined: bool
    helper: bool
    whole_head: bool
    region: bool
    share: bool
    understood: bool
    placeholders: bool


def role_of_text(text: str) -> StructureRole:
    """Return the role that a name gives to a structure.

    A name with a word for a margin, ring or difference is never a tumour's. A tumour's name gives `POSSIBLE` with a
    word that is not understood or names a region, and `CONTRADICTORY` with a word for the whole brain or head.
    """
    if text in ROLES:
        return ROLES[text]
    reading = _read(text)
    if not reading.tumour and not reading.parts:
        return _of_another(reading)
    if reading.helper:
        return StructureRole.DERIVED
    if reading.whole_head:
        return StructureRole.CONTRADICTORY
    if reading.region or not reading.understood:
        return StructureRole.POSSIBLE
    return _of_tumour(reading)


def _of_another(reading: _Reading) -> StructureRole:
    """Return the role of a name without a word for a tumour or its parts."""
    if reading.helper or reading.whole_head or reading.region:
        return StructureRole.OTHER
    return StructureRole.UNNAMED if reading.placeholders else StructureRole.UNKNOWN


def _of_tumour(reading: _Reading) -> StructureRole:
    """Return whether the whole tumour is meant, or which of its parts."""
    specific = reading.parts - {"core"}
    if not reading.parts:
        return StructureRole.POSSIBLE if reading.share else StructureRole.TUMOUR
    if reading.tumour and _is_whole(reading.parts, reading.joined):
        return StructureRole.TUMOUR
    if specific == {"t2"} and reading.tumour:
        return StructureRole.T2_TUMOUR
    if len(specific) <= 1:
        return PARTS[next(iter(specific), "core")]
    return _of_several(specific)


def _is_whole(parts: frozenset[str], joined: bool) -> bool:
    """Return whether a noun and parts joined by 'and' or 'with' are the whole, as in 'tumour with oedema'."""
    return joined and ("oedema" in parts or parts <= INSIDE) and "non-enhancing" not in parts


def _of_several(parts: frozenset[str]) -> StructureRole:
    """Return the role of a name with several parts."""
    if parts == {"non-enhancing", "t2"}:
        return StructureRole.T2_ABNORMALITY
    if parts & {"oedema", "t2"}:
        return StructureRole.POSSIBLE
    return StructureRole.CORE if "enhancing" in parts else StructureRole.NON_ENHANCING


def _read(text: str) -> _Reading:
    tokens = tokens_of(text)
    plain = [word for word in tokens if word not in SIGNS]
    parts = _parts(plain)
    tumour = any(token in words.TUMOUR for token in plain)
    around = not parts and any(token in words.SURROUNDINGS for token in plain)
    return _Reading(
        tumour=tumour or any(map(may_mean_tumour, plain)),
        parts=parts,
        joined=tumour and any(token in JOINING for token in tokens),
        helper=around or any(token in words.HELPERS for token in plain) or _negates(plain) or _changes(tokens),
        whole_head=any(token in words.WHOLE_HEAD for token in plain),
        region=_names_region(plain, tumour=tumour),
        share=any(token in words.SHARES for token in plain),
        understood=all(map(is_understood, plain)) and not _parts_a_tumour(tokens),
        placeholders=all(token in words.PLACEHOLDERS or is_index(token) for token in plain),
    )


def _names_region(tokens: list[str], *, tumour: bool) -> bool:
    names = words.REGIONS if tumour else words.REGIONS | words.LOCATIONS
    return any(token in names for token in tokens)


def _parts(tokens: list[str]) -> frozenset[str]:
    found = {name for name, names in words.PARTS.items() if any(token in names for token in tokens)}
    if "non" in tokens and "enhancing" in found:
        found = found - {"enhancing"} | {"non-enhancing"}
    return frozenset(found)


def _negates(tokens: list[str]) -> bool:
    """Return whether 'non' stands before anything but an enhancing part."""
    following = (*tokens[1:], "")
    return any(one == "non" and after not in ENHANCING for one, after in zip(tokens, following, strict=False))


def _changes(tokens: list[str]) -> bool:
    """Return whether a number is added, as in 'GTV+5', or a tumour taken away, as in 'Brain-GTV'."""
    around = words.WHOLE_HEAD | words.REGIONS
    adds = any(one == "+" and following.isdecimal() for one, following in pairwise(tokens))
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return adds or any(one in around and dash in "-–" and other in words.TUMOUR for one, dash, other in triples)


def _parts_a_tumour(tokens: list[str]) -> bool:
    """Return whether a hyphen or slash stands between a tumour and one of its parts: it may mean 'minus' or 'or'."""
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    parts = frozenset().union(*words.PARTS.values()) - words.PARTS["t2"] - words.PARTS["core"]
    return any(one in words.TUMOUR and sign in "-–/" and other in parts for one, sign, other in triples)

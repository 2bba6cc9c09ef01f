"""Words and codes of a CodeableConcept."""

import re
from typing import Any

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
SEMANTIC_TAG = re.compile(
    r"\s*\((qualifier value|finding|procedure|observable entity|disorder|specimen|body structure)\)$"
)
"""The ending of a fully specified name of SNOMED CT."""


FULL_NAME = re.compile(
    r"i[sz]o[cz]itrat\w*[ -]?de[hs]?[iy]?drog[eé]n\w*(?: \(nadp\S*\))?[ -]*([12]?)(?: \(nadp\S*\))?(?: \(IDH[12]?\))?",
    re.IGNORECASE,
)
"""Isocitrate dehydrogenase in five languages, where the order of the words is that of English or German."""


def codes(concept: Any) -> set[tuple[str, str]]:
    """Return the (system, code) pairs of a concept, which may be None."""
    return {(c.system or "", c.code) for c in (concept.coding if concept else None) or () if c.code}


def loinc(concept: Any) -> set[str]:
    """Return the LOINC codes of a concept."""
    return {code for system, code in codes(concept) if system == LOINC}


def plain(text: str | None) -> str:
    """Return a text with single spaces, without SNOMED's semantic tag, and with the enzymes' names as symbols."""
    return FULL_NAME.sub(r"IDH\1", SEMANTIC_TAG.sub("", re.sub(r"\s+", " ", text or "").strip()))


def displays(concept: Any) -> list[str]:
    """Return the different display names of the codings of a concept."""
    names = [plain(c.display) for c in (concept.coding if concept else None) or ()]
    return list({name.casefold(): name for name in names if name}.values())


def words(concept: Any) -> str:
    """Return the text of a concept, or else the display names of its codings."""
    return (plain(concept.text) if concept else "") or " ".join(displays(concept))


def all_words(concept: Any) -> str:
    """Return text and display names of a concept, each once."""
    texts = [plain(concept.text) if concept else "", *displays(concept)]
    return " ".join({text.casefold(): text for text in texts if text}.values())

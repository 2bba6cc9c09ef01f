"""The text of a result: value, comments and flags, so that nothing of it is passed over (HL7 7.4.2)."""

import re
from collections.abc import Iterable

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.feed.hl7_v2.fields import Value
from idh_tasks.linkage.feed.hl7_v2.orders import Result
from idh_tasks.linkage.feed.result_codes import LOINC_RESULTS, SNOMED_RESULTS
from idh_tasks.linkage.feed.result_text import read_result

TEXT, CODED = ("", "ST", "TX", "FT", "IS", "ID", "NM", "DT", "TM", "TS", "DTM"), ("CE", "CF", "CWE", "CNE")
STRUCTURED = "SN"
ABNORMAL, NORMAL = ("A", "AA", "POS", "DET"), ("N", "NEG", "ND")
"""Abnormal flags (OBX-8, table 0078) that state a result; any other one must be understood by a person."""
MORPHOLOGY = re.compile(r"\d{4}/\d")
"""A code of ICD-O-3."""
SYSTEMS = {
    **dict.fromkeys(("SCT", "SNOMED", "SNOMEDCT", "SNOMED-CT"), SNOMED_RESULTS),
    **dict.fromkeys(("LN", "LOINC"), LOINC_RESULTS),
}
"""Codes that state a result, by the name of their system (table 0396)."""
SIGNS = {"+": "positive", "-": "negative"}
DOUBT = "?"
"""Appended to a text that must not be understood: it contradicts itself, or its flags, or is not all there is."""


def is_text(result: Result) -> bool:
    """Return whether the value is of a type (OBX-2) that can be read; documents and references are not."""
    return result.observation.text(2) in (*TEXT, *CODED, STRUCTURED)


def lines(result: Result) -> list[str]:
    """Return the lines of the value (OBX-5, each repetition is at least one) and of the comments (NTE-3)."""
    kind = result.observation.text(2)
    values = [_value(value, kind) for value in result.observation.values(5)]
    comments = [value.text for comment in result.comments for value in comment.values(3)]
    return [line for text in (*values, *comments) for part in text.splitlines() if (line := " ".join(part.split()))]


def flags(result: Result) -> list[str]:
    """Return the abnormal flags (OBX-8)."""
    return [value.component(1).upper() for value in result.observation.values(8) if value.component(1)]


def _value(value: Value, kind: str) -> str:
    """Return a value as text: the component separator is text but in coded and structured types."""
    if kind in CODED:
        return " ".join((_coded_text(value), *_stated_codes(value))).strip()
    if kind == STRUCTURED:
        return " ".join(value.component(number) for number in range(1, 5))
    return value.text


def _coded_text(value: Value) -> str:
    """Return the text with those of the alternate and original texts that do not just say the same."""
    first, *others = [*filter(None, (value.component(number) for number in (2, 5, 9))), ""]
    reading = read_result(first)
    said = (first, *(text for text in others if reading is AssayResult.UNKNOWN or read_result(text) is not reading))
    return "; ".join(filter(None, dict.fromkeys(said)))


def _stated_codes(value: Value) -> list[str]:
    """Return the codes that are part of the text: those of tumours, or else the first one where there is no text."""
    pairs = [(value.component(code), value.component(code + 2)) for code in (1, 4) if value.component(code)]
    words = [SYSTEMS.get(system.upper(), {}).get(code, code) for code, system in pairs]
    return [code for code, _ in pairs if MORPHOLOGY.fullmatch(code)] or ([] if _coded_text(value) else words[:1])


def codes(result: Result) -> list[str]:
    """Return the codes of a coded value in words: some, such as POS or those of SNOMED CT, state the result.

    The system is not asked for: a code that contradicts the text in any system makes it unclear.
    """
    coded = result.observation.values(5) if result.observation.text(2) in CODED else ()
    stated = [code for value in coded for code in (value.component(1), value.component(4)) if code]
    return [(SNOMED_RESULTS | LOINC_RESULTS | SIGNS).get(code, code) for code in stated]


def with_doubts(name: str, text: str, codes: Iterable[str], flags: Iterable[str]) -> str:
    """Return the text of the test of this name, marked if a code of its value or a flag states the opposite."""
    readings = {read_result(stated, name) for stated in (text, *codes)} | {_flagged(flag) for flag in flags}
    opposite = {AssayResult.POSITIVE, AssayResult.NEGATIVE} <= readings
    doubtful = opposite or any(_flagged(flag) is AssayResult.UNKNOWN for flag in flags)
    return f"{text} {DOUBT}".strip() if doubtful else text


def _flagged(flag: str) -> AssayResult:
    if flag in ABNORMAL:
        return AssayResult.POSITIVE
    return AssayResult.NEGATIVE if flag in NORMAL else AssayResult.UNKNOWN

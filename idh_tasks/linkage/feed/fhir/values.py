"""What an Observation states, in words; whatever was not understood as a whole is inconclusive, never negative."""

from collections.abc import Iterable, Sequence
from typing import Any

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.feed.fhir.concepts import LOINC, SNOMED, codes, displays, plain
from idh_tasks.linkage.feed.result_codes import LOINC_RESULTS, SNOMED_RESULTS
from idh_tasks.linkage.feed.result_text import read_result

NOT_UNDERSTOOD = "inconclusive"
"""Read as an unknown result, about which a person is asked."""
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CODES = {
    **{(SNOMED, code): word for code, word in SNOMED_RESULTS.items()},
    **{(LOINC, code): word for code, word in LOINC_RESULTS.items()},
    **dict.fromkeys([(INTERPRETATION, code) for code in ("POS", "DET")], "positive"),
    **dict.fromkeys([(INTERPRETATION, code) for code in ("NEG", "ND")], "negative"),
}
"""Positive, detected, present, and their opposites, in SNOMED CT, in the answers of LOINC, and in HL7."""
DISPLAYS = {
    "positive": ("positive", "detected", "present", "pos", "det"),
    "negative": ("negative", "not detected", "absent", "neg", "undetected", "nd"),
}
WEAK = {"A": AssayResult.POSITIVE, "AA": AssayResult.POSITIVE, "N": AssayResult.NEGATIVE}
"""Abnormal and normal state no result by themselves, but may contradict one."""
OTHER_VALUES = (
    "valueQuantity", "valueInteger", "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime",
    "valuePeriod",
)  # fmt: skip
REVERSING = ("wild", "wt", "normal", "absen", "fail", "no ", "not ", "neg", "kein", "ohne", "without")
"""Words that make the answer 'true' to a question mean something else."""


def stated_result(observation: Any, name: str) -> str | None:
    """Return the result of an Observation or of one of its components in words.

    Parameters
    ----------
    name
        What was observed; whether true means positive depends on it.

    Returns
    -------
    str or None
        None where it states no result; `NOT_UNDERSTOOD` where value, interpretation and notes contradict each other
        or cannot be read.
    """
    value = _value(observation, name)
    if observation.dataAbsentReason is not None:
        return None if value is None else NOT_UNDERSTOOD
    interpretations = observation.interpretation or []
    if value is None and not interpretations:
        return None
    return _with_notes(_interpreted(value, interpretations, name), observation)


def stated_text(observation: Any) -> str:
    """Return the value of an Observation as text, whatever it means: for a diagnosis."""
    concept = observation.valueCodeableConcept
    return plain(observation.valueString) or (plain(concept.text) or " ".join(displays(concept)) if concept else "")


def agree(one: AssayResult, other: AssayResult) -> bool:
    """Return whether two results do not exclude each other; positive and negative do."""
    return {one, other} != {AssayResult.POSITIVE, AssayResult.NEGATIVE}


def _value(observation: Any, name: str) -> str | None:
    if observation.valueCodeableConcept is not None:
        return concept_result(observation.valueCodeableConcept, name)
    if observation.valueBoolean is not None:
        return _boolean(observation.valueBoolean, name)
    if observation.valueString is not None:
        return plain(observation.valueString) or NOT_UNDERSTOOD
    return NOT_UNDERSTOOD if any(getattr(observation, one) is not None for one in OTHER_VALUES) else None


def concept_result(concept: Any, name: str) -> str:
    """Return what a concept states; its text, every display name and every known code must agree."""
    known = {CODES[one] for one in codes(concept) if one in CODES}
    texts = [text for text in (plain(concept.text), *displays(concept)) if text]
    free = [text for text in texts if not any(text.casefold() in DISPLAYS[word] for word in known)]
    if not free:
        return known.pop() if len(known) == 1 else NOT_UNDERSTOOD
    results = {read_result(text, name) for text in (*free, *known)}
    return free[0] if len(results) == 1 else NOT_UNDERSTOOD


def _boolean(value: bool, name: str) -> str:
    if any(word in f"{name.casefold()} " for word in REVERSING):
        return NOT_UNDERSTOOD
    return "positive" if value else "negative"


def _interpreted(value: str | None, interpretations: Sequence[Any], name: str) -> str:
    if value is None:
        stated = {concept_result(one, name) for one in interpretations}
        return stated.pop() if len(stated) == 1 else NOT_UNDERSTOOD
    result = read_result(value, name)
    return value if all(_supports(one, result, name) for one in interpretations) else NOT_UNDERSTOOD


def _supports(interpretation: Any, result: AssayResult, name: str) -> bool:
    weak = {WEAK[code] for _, code in codes(interpretation) if code in WEAK}
    stated = weak or {read_result(concept_result(interpretation, name), name)}
    return stated == {result} or result in (AssayResult.UNKNOWN, AssayResult.PENDING)


def _with_notes(result: str, observation: Any) -> str:
    """Append the notes, so that a result counts only if they were understood, too; components have none."""
    notes: Iterable[Any] = getattr(observation, "note", None) or ()
    return "; ".join([result, *(plain(note.text) for note in notes)])

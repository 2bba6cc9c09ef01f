"""What one Observation states of IDH: named tests with their components, and variants of the genomics guide."""

import re
from collections.abc import Iterator
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import all_words, codes, words
from idh_tasks.linkage.feed.fhir.genes import Gene
from idh_tasks.linkage.feed.fhir.genomics import (
    analysis_words,
    gene_stated,
    is_region,
    is_variant,
    variant_gene,
    variant_result,
)
from idh_tasks.linkage.feed.fhir.method import contradicts_itself, method_words, variant_name
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.values import NOT_UNDERSTOOD, agree, stated_result, stated_text
from idh_tasks.linkage.feed.observations import ASSAY, Observation
from idh_tasks.linkage.feed.result_text import read_result

COLUMN = "result"
IMPLICATION = re.compile(r"implication", re.IGNORECASE)
"""What a variant means for diagnosis or therapy: the variant from which it was derived is read instead."""
OTHER_TESTS = (
    "94077-5",
    "94076-7",
    "81695-9",
    "51968-6",
    "53037-8",
    "85069-3",
    "51959-5",
    "85337-4",
    "83005-9",
    "diagnostic-implication",
    "therapeutic-implication",
    "prognostic-implication",
    "molecular-consequence",
)
"""Codes of LOINC and of the genomics reporting guide for what is not about IDH, and may come without a name."""


def idh_tests(observation: Any, method: str) -> Iterator[Observation]:
    """Yield the tests of IDH that an Observation and its components state.

    Parameters
    ----------
    method
        Words for the method of a variant that states none itself.

    Raises
    ------
    ResourceRefusedError
        If it might be about IDH, but does not say so clearly.
    """
    name = _name(observation)
    if is_variant(observation):
        yield from _variant(
            observation, name, method_words(observation.method) or analysis_words(observation) or method
        )
    elif ASSAY.search(name):
        full = _with(name, method_words(observation.method))
        if contradicts_itself(observation.code):
            yield Observation(full, NOT_UNDERSTOOD)
        else:
            yield from _named(observation, full)
    elif ASSAY.search(_all_values(observation)) and not (IMPLICATION.search(name) and observation.derivedFrom):
        raise ResourceRefusedError(COLUMN, "a result mentions IDH in its value, but is not named as a test of IDH")
    for component in observation.component or ():
        if ASSAY.search(all_words(component.code)) and not is_variant(observation):
            yield from _named(component, _with(all_words(component.code), method_words(observation.method)))


def _variant(observation: Any, name: str, method: str) -> Iterator[Observation]:
    gene = variant_gene(observation)
    if gene is Gene.OTHER:
        return
    result = variant_result(observation, gene)
    if result is not None:
        named = _with(name, method_words(observation.method)) if ASSAY.search(name) else variant_name(gene, method)
        yield Observation(named, result)


def is_about_idh(observation: Any) -> bool:
    """Return whether an Observation is named as a test of IDH, or is a variant of one of its genes."""
    if is_variant(observation) and not is_region(observation):
        return gene_stated(observation) in (Gene.IDH1, Gene.IDH2)
    return bool(ASSAY.search(all_words(observation.code)))


def _named(observation: Any, name: str) -> Iterator[Observation]:
    """Yield the result of a test that is named; a component that contradicts it leaves it open."""
    result = stated_result(observation, name)
    parts = getattr(observation, "component", None) or ()
    if result is None:
        if not (observation.dataAbsentReason or parts or getattr(observation, "hasMember", None)):
            yield Observation(name, NOT_UNDERSTOOD)
        return
    stated = [
        read_result(stated_result(part, name) or "", name) for part in parts if not ASSAY.search(all_words(part.code))
    ]
    whole = read_result(result, name)
    yield Observation(name, result if all(agree(whole, part) for part in stated) else NOT_UNDERSTOOD)


def _name(observation: Any) -> str:
    """Return the name of an Observation.

    Raises
    ------
    ResourceRefusedError
        If it has neither words nor a code that we know: it might be a test of IDH.
    """
    text = words(observation.code)
    name = text if ASSAY.search(text) else all_words(observation.code)
    known = {code for _, code in codes(observation.code)} & set(OTHER_TESTS)
    if not name and not known and not is_variant(observation):
        raise ResourceRefusedError(COLUMN, "a result has a code that is not known, and no name")
    return name


def _all_values(observation: Any) -> str:
    components = observation.component or ()
    every = [stated_text(one) for one in (observation, *components)]
    return " ".join([*every, *(all_words(one.valueCodeableConcept) for one in (observation, *components))])


def _with(name: str, method: str) -> str:
    return name if method.casefold() in name.casefold() else f"{name} {method}"

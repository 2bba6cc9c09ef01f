"""Variants of the genomics reporting guide of HL7: gene, change and presence in components, coded by LOINC."""

import re
from collections.abc import Iterator
from typing import Any

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.feed.fhir.concepts import all_words, loinc, plain
from idh_tasks.linkage.feed.fhir.genes import Gene, gene_of
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.values import NOT_UNDERSTOOD, stated_result
from idh_tasks.linkage.feed.result_text import read_result

VARIANT, REGION = "69548-6", "53041-0"
GENE, CODING, PROTEIN, DISCRETE, NAME = "48018-6", "48004-6", "48005-3", "81252-9", "47998-0"
SEQUENCES = ("48013-7", "51958-7")
"""Reference sequences: of the genome, and of the transcript."""
SOURCE, SIGNIFICANCE, ANALYSIS = "48002-0", "53037-8", "81304-8"
SOMATIC = ("LA6684-0", "LA18195-0")
PATHOGENIC = ("LA6668-3", "LA26332-9")
NEUTRAL = (
    *SEQUENCES, "53034-5", "81258-6", "62374-4", "69547-8", "69551-0", "48019-4", "48006-1", "81254-5",
    "81255-2", "82121-5", "92822-6", "93044-6", "48000-4", "48001-2", "47999-8", "81290-9", "81291-7", "81300-6",
)  # fmt: skip
"""Components that place a variant, and change nothing about whether it is there."""
UNDERSTOOD = (GENE, CODING, PROTEIN, DISCRETE, NAME, SOURCE, SIGNIFICANCE, ANALYSIS, *NEUTRAL)
THREE_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V",
}  # fmt: skip
PROTEIN_CHANGE = re.compile(r"p\.\(?([A-Z](?:[a-z]{2})?)(\d+)([A-Z](?:[a-z]{2})?)\)?(?![A-Za-z0-9*=])")
BARE_CHANGE = re.compile(r"[A-Z](?:[a-z]{2})?\d+[A-Z](?:[a-z]{2})?")
"""A change of the protein without its prefix, as some senders write it into component 48005-3."""
CODING_CHANGE = re.compile(r"c\.\d+[ACGT]>[ACGT](?![A-Za-z0-9])")
PAIRS = {
    "c.395G>A": "p.R132H", "c.394C>T": "p.R132C", "c.394C>A": "p.R132S", "c.394C>G": "p.R132G", "c.395G>T": "p.R132L",
    "c.395G>C": "p.R132P", "c.515G>A": "p.R172K", "c.515G>T": "p.R172M", "c.514A>T": "p.R172W", "c.514A>G": "p.R172G",
    "c.516G>T": "p.R172S", "c.516G>C": "p.R172S", "c.515G>C": "p.R172T",
}  # fmt: skip
"""The changes of the codons 132 and 172 that one substitution makes."""


def is_variant(observation: Any) -> bool:
    """Return whether an Observation is a variant of the guide: by its code, or by one of its components."""
    stated = {code for component in observation.component or () for code in loinc(component.code)}
    return VARIANT in loinc(observation.code) or bool(stated & {GENE, CODING, PROTEIN, DISCRETE})


def variant_gene(observation: Any) -> Gene:
    """Return the gene of a variant.

    Raises
    ------
    ResourceRefusedError
        If it is not stated, or contradictory: the variant might be one of IDH.
    """
    gene = gene_stated(observation)
    if gene is None or gene is Gene.UNCLEAR:
        raise ResourceRefusedError("result", "a variant does not state clearly to which gene it belongs")
    return gene


def gene_stated(observation: Any) -> Gene | None:
    """Return the gene on which name, gene studied, change and sequences agree; None if none states one."""
    texts = _texts(observation, CODING, PROTEIN, DISCRETE, NAME, *SEQUENCES)
    return gene_of(_components(observation, GENE), [all_words(observation.code), *texts])


def variant_result(observation: Any, gene: Gene) -> str | None:
    """Return what a variant says of IDH in the words of a laboratory.

    Present counts with a change of this gene that is understood; absent counts only for the gene as a whole, because
    a certain change that is absent leaves the others open.
    """
    stated = stated_result(observation, "")
    if stated is None:
        return None if observation.dataAbsentReason else NOT_UNDERSTOOD
    result, change = read_result(stated), _change(observation, gene)
    if change is None or not _is_plain(observation):
        return NOT_UNDERSTOOD
    if result is AssayResult.POSITIVE and change:
        return f"{change} detected"
    return "not detected" if result is AssayResult.NEGATIVE and not change else NOT_UNDERSTOOD


def analysis_words(observation: Any) -> str:
    """Return the words for the type of the analysis that a component states (LOINC 81304-8)."""
    return " ".join(_texts(observation, ANALYSIS))


def is_region(observation: Any) -> bool:
    """Return whether an Observation only lists what was studied."""
    return REGION in loinc(observation.code)


def _components(observation: Any, *stated: str) -> list[Any]:
    return [one for one in observation.component or () if loinc(one.code) & set(stated)]


def _texts(observation: Any, *stated: str) -> list[str]:
    return [text for one in _components(observation, *stated) for text in _component_texts(one)]


def _component_texts(component: Any) -> Iterator[str]:
    """Yield text, display names and codes of a value: HGVS expressions are often used as the code itself."""
    concept = component.valueCodeableConcept
    codings = (concept.coding if concept else None) or ()
    stated = (all_words(concept), component.valueString, *(str(coding.code or "") for coding in codings))
    yield from (plain(text) for text in stated if text)


def _is_plain(observation: Any) -> bool:
    """Return whether every component was understood, and none says that the variant is inherited or harmless."""
    components = observation.component or ()
    if any(not loinc(one.code) & set(UNDERSTOOD) or one.dataAbsentReason or one.interpretation for one in components):
        return False
    return _is_one_of(observation, SOURCE, SOMATIC) and _is_one_of(observation, SIGNIFICANCE, PATHOGENIC)


def _is_one_of(observation: Any, component: str, accepted: tuple[str, ...]) -> bool:
    return all(loinc(one.valueCodeableConcept) & set(accepted) for one in _components(observation, component))


def _change(observation: Any, gene: Gene) -> str | None:
    """Return the change in HGVS's short form, empty if none is stated, None if it is contradictory or unreadable."""
    bare = [f"p.{text}" for text in _texts(observation, PROTEIN) if BARE_CHANGE.fullmatch(text)]
    texts = [*_texts(observation, CODING, PROTEIN, DISCRETE, NAME), *bare]
    proteins = {_short(found) for text in texts for found in PROTEIN_CHANGE.finditer(text)}
    codings = {found.group() for text in texts for found in CODING_CHANGE.finditer(text)}
    if not proteins and not codings:
        return None if _components(observation, CODING, PROTEIN, DISCRETE, NAME) else ""
    meant = proteins | {PAIRS.get(coding, "") for coding in codings}
    [change, *others] = sorted(meant)
    return change if not others and re.fullmatch(rf"p\.R{gene.codon}[A-Z]", change) else None


def _short(found: re.Match[str]) -> str:
    before, position, after = found.groups()
    return f"p.{THREE_LETTERS.get(before, before)}{position}{THREE_LETTERS.get(after, after)}"

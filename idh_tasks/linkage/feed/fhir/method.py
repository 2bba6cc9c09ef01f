"""The method of an Observation in words: sequencing only where it is stated by code or name."""

import re
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import LOINC, SNOMED, all_words, codes, displays, plain
from idh_tasks.linkage.feed.fhir.genes import Gene
from idh_tasks.linkage.words.methods import Kind, mentions_idh, read_method

SEQUENCING = re.compile(r"sequen[cz]|séquen|secuen|sanger|\bngs\b|next.?gen", re.IGNORECASE)
NUCLEIC_ACID = re.compile(r"\b(nucleic acid|deoxyribonucleic acid|dna) (?=sequencing)", re.IGNORECASE)
"""Says nothing about the method, but is how SNOMED CT names it."""
PANEL = re.compile(r"\s*\bpanel\b", re.IGNORECASE)
SEQUENCING_CODES = {(SNOMED, "117040002"), (LOINC, "LA26398-0"), (LOINC, "86205-2"), (LOINC, "86206-0")}
"""SNOMED CT nucleic acid sequencing; LOINC's answer 'Sequencing', and its codes of whole exome and whole genome."""


CERTAIN = {Kind.SEQUENCING, Kind.IMMUNO, Kind.TARGETED}


def method_words(concept: Any) -> str:
    """Return the words of a method; a code for sequencing without words becomes the word."""
    text = NUCLEIC_ACID.sub("", all_words(concept))
    return f"{text} sequencing".strip() if codes(concept) & SEQUENCING_CODES and not SEQUENCING.search(text) else text


def contradicts_itself(name: Any) -> bool:
    """Return whether text and display names of a test state different methods or genes."""
    texts = [plain(name.text), *displays(name)]
    tests = [read_method(text) for text in texts if mentions_idh(text)]
    kinds = {test.kind for test in tests} & CERTAIN
    return len(kinds) > 1 or any(
        one.genes and other.genes and not one.genes & other.genes for one in tests for other in tests
    )


def study_method(report: Any) -> str:
    """Return 'sequencing' if code or category of the report states that the study is sequencing, else nothing."""
    stated = [method_words(concept) for concept in (report.code, *(report.category or ()))]
    return "sequencing" if any(SEQUENCING.search(text) for text in stated) else ""


def variant_name(gene: Gene, method: str) -> str:
    """Return how a laboratory would name the test of this gene by this method.

    That a panel has other genes, too, does not matter here: the variant states its own.
    """
    if SEQUENCING.search(method):
        return f"{gene} codon {gene.codon} {PANEL.sub('', method)}"
    return f"{gene} {method or 'variant'}"

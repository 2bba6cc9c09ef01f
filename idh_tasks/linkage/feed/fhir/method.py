"""The method of an Observation in words: sequencing only where it is stated by code or name."""

import re
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import LOINC, SNOMED, all_words, codes
from idh_tasks.linkage.feed.fhir.genes import Gene

SEQUENCING = re.compile(r"sequen[cz]|séquen|secuen|sanger|\bngs\b|next.?gen", re.IGNORECASE)
NUCLEIC_ACID = re.compile(r"\b(nucleic acid|deoxyribonucleic acid|dna) (?=sequencing)", re.IGNORECASE)
"""Says nothing about the method, but is how SNOMED CT names it."""
PANEL = re.compile(r"\s*\bpanel\b", re.IGNORECASE)
SEQUENCING_CODES = {(SNOMED, "117040002"), (LOINC, "LA26398-0"), (LOINC, "86205-2"), (LOINC, "86206-0")}
"""SNOMED CT nucleic acid sequencing; LOINC's answer 'Sequencing', and its codes of whole exome and whole genome."""


def method_words(concept: Any) -> str:
    """Return the words of a method; a code for sequencing without words becomes the word."""
    text = NUCLEIC_ACID.sub("", all_words(concept))
    return f"{text} sequencing".strip() if codes(concept) & SEQUENCING_CODES and not SEQUENCING.search(text) else text


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

"""Which gene a genomic Observation is about, by code, name and transcript."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import all_words, codes, plain

GENE_CODES = {"HGNC:5382": "IDH1", "5382": "IDH1", "HGNC:5383": "IDH2", "5383": "IDH2"}
NCBI_GENES = {"3417": "IDH1", "3418": "IDH2"}
NAMED = re.compile(r"idh[ -]?([12])\b", re.IGNORECASE)
OURS = re.compile(r"idh|isocitr", re.IGNORECASE)
TRANSCRIPTS = {
    **dict.fromkeys(("NM_005896", "NM_001282386", "NM_001282387", "NP_005887", "ENST00000345146"), "IDH1"),
    **dict.fromkeys(("NM_002168", "NM_001289910", "NM_001290114", "NP_002159", "ENST00000330062"), "IDH2"),
}
SEQUENCES = re.compile(r"\b(N[MPCG]_\d{6,9}|ENS[TPG]\d{11})")
OWN_CHROMOSOMES = ("NC_000002", "NC_000015")
"""Chromosome 2 with IDH1 and 15 with IDH2: a position on them may be in either gene; on another it cannot."""


class Gene(StrEnum):
    """The gene of a variant; OTHER is positively none of ours, UNCLEAR is stated in a way that does not say."""

    IDH1 = "IDH1"
    IDH2 = "IDH2"
    OTHER = "other"
    UNCLEAR = "unclear"

    @property
    def codon(self) -> int:
        """Return the codon in which glioma has its mutations."""
        return 172 if self is Gene.IDH2 else 132


def gene_of(studied: Iterable[Any], texts: Sequence[str]) -> Gene | None:
    """Return the gene that all of these statements agree on, or None where there is none.

    Parameters
    ----------
    studied
        Components 'gene studied' (LOINC 48018-6).
    texts
        Names and HGVS expressions, which may contain a gene or a transcript. A transcript that we do not know is one
        of another gene only if no gene is stated.
    """
    stated = {_studied(component) for component in studied}
    stated |= {Gene(f"IDH{number}") for text in texts for number in NAMED.findall(text)}
    sequences = {sequence for text in texts for sequence in SEQUENCES.findall(text)} - set(OWN_CHROMOSOMES)
    stated |= {Gene(TRANSCRIPTS[sequence]) for sequence in sequences & set(TRANSCRIPTS)}
    if not stated and sequences:
        return Gene.OTHER
    if len(stated) > 1:
        return Gene.UNCLEAR
    return stated.pop() if stated else None


def _studied(component: Any) -> Gene:
    concept = component.valueCodeableConcept
    text = all_words(concept) or plain(component.valueString)
    stated = {Gene(f"IDH{number}") for number in NAMED.findall(text)} | set(_coded(concept))
    if OURS.search(text):
        return stated.pop() if len(stated) == 1 and Gene.OTHER not in stated else Gene.UNCLEAR
    if not stated:
        return Gene.OTHER if text else Gene.UNCLEAR
    return stated.pop() if len(stated) == 1 else Gene.UNCLEAR


def _coded(concept: Any) -> Iterable[Gene]:
    for system, code in codes(concept):
        if "genenames" in system:
            yield Gene(GENE_CODES.get(code, Gene.OTHER))
        elif "ncbi" in system and "gene" in system:
            yield Gene(NCBI_GENES.get(code, Gene.OTHER))
        elif code in GENE_CODES:
            yield Gene(GENE_CODES[code])
        elif code.startswith("HGNC:"):
            yield Gene.OTHER

"""Reads a clause: a form must cover all of it, and says what the clause states of which gene."""

import re
from collections.abc import Sequence
from dataclasses import replace

from idh_tasks.linkage.words.findings import ABOUT_OTHER, IDH, IDH1, IDH2, OTHER, UNCLEAR, UNNAMED, Finding, Stated
from idh_tasks.linkage.words.forms import OTHER_CLAUSE, matching_forms
from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.negation import is_near_negation, without_half_negations
from idh_tasks.linkage.words.reach import is_ability, is_of_material, is_open, is_sound
from idh_tasks.linkage.words.tokens import EXON, IDH1_COVERED, IDH2_COVERED, Token
from idh_tasks.linkage.words.variants import R132H

INTENSITIES = frozenset(
    ("strong", "strongly", "diffuse", "diffus", "intense", "intens", "intensa", "intenso", "stark", "starke",
     "kraeftig", "kraeftige", "forte", "diffusa", "difusa", "focal", "fokal", "focale")
)  # fmt: skip
"""How strongly or widely a tumour stains; said of no test."""
LONGEST_CLAUSE = 40
"""Tokens; a longer clause is for a person to read."""


def read_clause(tokens: Sequence[Token]) -> frozenset[Finding] | None:
    """Return what a clause states, or None if it is not understood as a whole."""
    if len(tokens) > LONGEST_CLAUSE:
        return None
    near_negation = is_near_negation(tokens)
    tokens = [token for token in without_half_negations(tokens) if token.part is not Part.NEAR_NEGATION]
    text = "".join(token.part.value for token in tokens)
    if "O" in text and not re.search("[12BIvkJR]", text):
        return frozenset({ABOUT_OTHER}) if OTHER_CLAUSE.fullmatch(text) else UNCLEAR
    readings = {_findings(stated, match, tokens) for stated, match in matching_forms(text)} - {None}
    reading = readings.pop() if len(readings) == 1 else None
    stated = {finding.stated for finding in reading or ()}
    return UNCLEAR if near_negation and Stated.POSITIVE in stated else reading


def _findings(stated: Stated, match: re.Match[str], tokens: Sequence[Token]) -> frozenset[Finding] | None:
    genes, variants = _genes(tokens), [token.variant for token in tokens if token.variant]
    if genes is None or not is_sound(stated, match, tokens):
        return None
    if is_of_material(tokens) or is_open(stated, tokens) or is_ability(stated, match, tokens):
        return UNCLEAR
    if stated is Stated.POSITIVE and not _is_named(match, tokens):
        return None if "bare" in match.re.groupindex else UNCLEAR
    if stated is Stated.NEGATIVE and variants:
        stated = Stated.EXCLUDED
    if stated is Stated.NEGATIVE and not _covered(genes, tokens):
        return None
    text = "".join(token.part.value for token in tokens)
    names = {gene: frozenset(v.name for v in variants if v.gene == gene) for gene in genes}
    plain = Finding("", stated, test=_test(text), by_mutation=bool(re.search("[QMWv]", text)))
    return frozenset(
        ABOUT_OTHER if gene == OTHER else replace(plain, gene=gene, variants=names[gene]) for gene in genes
    )


def _genes(tokens: Sequence[Token]) -> set[str] | None:
    """Return the genes that a clause is about; None if a variant or codon belongs to another one."""
    parts = {token.part for token in tokens}
    named = ({IDH1} if parts & {Part.IDH1, Part.BOTH} else set()) | (
        {IDH2} if parts & {Part.IDH2, Part.BOTH} else set()
    )
    implied = {token.variant.gene for token in tokens if token.variant}
    loci = _loci(tokens)
    implied |= {gene for gene, codon in ((IDH1, IDH1_COVERED), (IDH2, IDH2_COVERED)) if codon in loci}
    if named and not implied <= named:
        return None
    others = {OTHER} if Part.OTHER_GENE in parts else set()
    unnamed = {IDH} if Part.IDH in parts else set() if others else {UNNAMED}
    return (named or implied or unnamed) | others


def _loci(tokens: Sequence[Token]) -> frozenset[str]:
    return frozenset[str]().union(*(token.loci for token in tokens))


def _covered(genes: set[str], tokens: Sequence[Token]) -> bool:
    """Return whether the codons or exons that a negative clause names include the hot spot of each gene."""
    loci = _loci(tokens)
    hot_spots = {IDH1: IDH1_COVERED, IDH2: IDH2_COVERED}
    return not loci or EXON in loci or all(hot_spots.get(gene) in loci for gene in genes - {OTHER})


def _is_named(match: re.Match[str], tokens: Sequence[Token]) -> bool:
    """Return whether a positive clause names a mutation, and not only a test or an unclassified variant."""
    parts = {token.part for token in tokens}
    variants = [token.variant for token in tokens if token.variant]
    if "bare" in match.re.groupindex:
        return _is_bare_finding(parts, tokens)
    if Part.VARIANT_NOUN in parts and not variants and Part.PATHOGENIC not in parts:
        return False
    by_word = parts & {Part.POSITIVE, Part.MUTATED, Part.MUTATION, Part.STAINING, Part.VARIANT_NOUN}
    return bool(by_word or variants or parts == {Part.DETECTED})


def _is_bare_finding(parts: set[Part], tokens: Sequence[Token]) -> bool:
    """Return whether a clause that states nothing of what it names is a finding: 'p.R132C', 'strong staining'."""
    variants = [token.variant for token in tokens if token.variant]
    if Part.OTHER_GENE in parts or any(token.looked_for for token in tokens):
        return False
    if Part.STAINING in parts and not variants:
        return any(token.text in INTENSITIES for token in tokens)
    is_test = all(v.name == R132H and not v.hgvs for v in variants) and not any(_is_zygosity(t) for t in tokens)
    return bool(variants) and not is_test and not parts & {Part.STAINING, Part.AND, Part.PLUS} - _notation(tokens)


def _is_zygosity(token: Token) -> bool:
    """Return whether a word says on how many alleles a mutation was found, which nobody says of a test."""
    return token.part is Part.QUALITY and bool(re.search("zyg|terozig|erocig", token.text))


def _notation(tokens: Sequence[Token]) -> set[Part]:
    """Return the separators that one variant in two notations, c. and p., may have between them."""
    names = {token.variant.name for token in tokens if token.variant}
    return {Part.AND} if len(names) == 1 else set()


def _test(text: str) -> Part | None:
    """Return the kind of test that a clause names."""
    kinds = ((Part.SEQUENCING, "T"), (Part.TARGETED, "C"), (Part.IMMUNO, "[HE]"))
    return next((kind for kind, letters in kinds if re.search(letters, text)), None)

"""The forms of a clause: each covers all of it, and says what the clause states of which gene."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.tokens import EXON, IDH1_COVERED, IDH2_COVERED, Token
from idh_tasks.linkage.words.variants import R132H


class Stated(StrEnum):
    """What a clause states; EXCLUDED is the absence of single variants, which says nothing of the others."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EXCLUDED = "excluded"
    PENDING = "pending"


IDH1, IDH2, IDH, UNNAMED, OTHER = "1", "2", "idh", "unnamed", "other"
"""The gene of a finding; 'IDH' and no name at all mean the one that the method names."""


@dataclass(frozen=True)
class Finding:
    """What a text states of one gene, and by which kind of test, if it says so."""

    gene: str
    stated: Stated
    variants: frozenset[str] = frozenset()
    test: Part | None = None
    by_mutation: bool = False


ABOUT_OTHER = Finding(OTHER, Stated.EXCLUDED)
"""What is stated of another gene does not matter here."""

_DETAIL = "[vkTHCy]*"
_GENE = "[12BIO]"
_ITEM = f"(?=[vkTHCy12BIO]){_DETAIL}{_GENE}?{_DETAIL}"
_NOUN_ITEM = f"(?=[vkTHCy12BIOMWEo])(?:{_DETAIL}{_GENE}?{_DETAIL}[MWEo]?{_DETAIL}|{_DETAIL}[MWEo]{_DETAIL}{_GENE}{_DETAIL})"
_LIST = f"(?:{_ITEM}(?:[JA]{_ITEM})*)"
_NOUNS = f"(?:{_NOUN_ITEM}(?:[JA]{_NOUN_ITEM})*)"
_ALTERNATIVES = f"(?:{_NOUN_ITEM}(?:(?:[JAR][N0]?|[N0]){_NOUN_ITEM})*)"
_ASIDE = "(?:J?[kTHC]+)?"
_NO, _NOT, _DETECTED = "[N0]", "[X0]", "[Dr]"

FORMS: Sequence[tuple[Stated, str]] = (
    # no IDH1 mutation detected; IDH1: no mutation in codon 132; no evidence of mutation
    (Stated.NEGATIVE, f"(?P<left>{_LIST}{_DETECTED}?)?{_NO}(?:{_DETECTED}?(?P<right>{_ALTERNATIVES})D?{_ASIDE}|D(?P<after>{_LIST})?)"),
    (Stated.NEGATIVE, f"(?P<left>{_NO}{_DETECTED}?[MWE]D)(?P<right>{_ALTERNATIVES})"),
    # IDH1 mutation not detected; not detected in IDH1; no se detecta ninguna mutación
    (Stated.NEGATIVE, f"(?P<left>{_ALTERNATIVES})?(?:{_NOT}D|a)(?:N?(?P<right>{_ALTERNATIVES}))?"),
    # kein Nachweis, IDH1 negative, negative for IDH1 or IDH2 mutations
    (Stated.NEGATIVE, f"(?P<left>{_ALTERNATIVES})?q?gq?(?:(?:J(?=v))?(?P<right>{_ALTERNATIVES}))?"),
    # IDH1 wild-type, wild-type IDH1
    (Stated.NEGATIVE, f"(?P<left>{_LIST})?{_DETECTED}?wD?(?P<right>{_LIST})?"),
    # IDH1 not mutated, neither IDH1 nor IDH2 mutated; without the name of a gene it is asked
    (Stated.NEGATIVE, f"(?P<left>{_LIST})u(?P<right>{_LIST})?|u(?P<after>{_LIST})|{_NO}(?P<rest>{_ALTERNATIVES})Q"),
    # IDH1 mutation detected, detected: R132H; 'detected' alone answers the question of the method
    (Stated.POSITIVE, f"(?P<left>{_NOUNS})D(?P<right>{_LIST})?|{_DETECTED}(?P<after>{_NOUNS})|D"),
    # IDH1 positive, positive for R132H
    (Stated.POSITIVE, f"(?P<left>{_NOUNS})?P(?:J?(?P<right>{_NOUNS}))?"),
    # IDH1 mutated, IDH1-mutant (R132H), mutant IDH1 detected
    (Stated.POSITIVE, f"(?P<left>{_LIST})?Q(?:J?(?P<right>{_LIST}))?D?"),
    # p.R132C, IDH1 c.394C>T (p.R132C)
    (Stated.POSITIVE, f"(?P<bare>{_NOUNS})"),
    (Stated.PENDING, f"(?P<left>{_NOUNS})?{_DETECTED}?Z(?P<right>{_NOUNS})?"),
)
_COMPILED = tuple((stated, re.compile(form + _ASIDE)) for stated, form in FORMS)

_MODIFIERS = re.compile("J?%|[zc]")
_OTHER_CLAUSE = re.compile("[OoN0XDPgQwuaMWTHrz%qAZE]+")


def read_clause(tokens: Sequence[Token]) -> frozenset[Finding] | None:
    """Return what a clause states, or None if it is not understood as a whole."""
    tokens = _without_half_not(tokens)
    text = "".join(token.part.value for token in tokens)
    if "O" in text and _OTHER_CLAUSE.fullmatch(text):
        return frozenset({ABOUT_OTHER})
    readings = {_findings(stated, match, tokens, text) for stated, match in _matches(text)} - {None}
    return readings.pop() if len(readings) == 1 else None


def _without_half_not(tokens: Sequence[Token]) -> Sequence[Token]:
    """Drop the first half of French ne … pas, where the second half is there."""
    parts = {token.part for token in tokens}
    if parts & {Part.NOT, Part.NO, Part.NO_OR_NOT}:
        return [token for token in tokens if token.part is not Part.HALF_NOT]
    return tokens


def _matches(text: str) -> list[tuple[Stated, re.Match[str]]]:
    plain = _MODIFIERS.sub("", text)
    found = ((stated, form.fullmatch(plain)) for stated, form in _COMPILED)
    return [(stated, match) for stated, match in found if match]


def _findings(
    stated: Stated, match: re.Match[str], tokens: Sequence[Token], text: str
) -> frozenset[Finding] | None:
    genes, variants = _genes(tokens), [token.variant for token in tokens if token.variant]
    if genes is None or not _is_sound(stated, match, text) or (stated is Stated.POSITIVE and not _is_named(match, tokens)):
        return None
    if stated is Stated.NEGATIVE and variants:
        stated = Stated.EXCLUDED
    if stated is Stated.NEGATIVE and not _covered(genes, tokens):
        return None
    names = {gene: frozenset(v.name for v in variants if v.gene == gene) for gene in genes}
    plain = Finding("", stated, test=_test(text), by_mutation=bool(re.search("[QMWv]", text)))
    return frozenset(ABOUT_OTHER if gene == OTHER else replace(plain, gene=gene, variants=names[gene]) for gene in genes)


def _genes(tokens: Sequence[Token]) -> set[str] | None:
    """Return the genes that a clause is about; None if a variant or codon belongs to another one."""
    parts = {token.part for token in tokens}
    named = ({IDH1} if parts & {Part.IDH1, Part.BOTH} else set()) | ({IDH2} if parts & {Part.IDH2, Part.BOTH} else set())
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


def _is_sound(stated: Stated, match: re.Match[str], text: str) -> bool:
    """Return whether the parts of a clause go together: its gene on one side, its modifiers with its polarity."""
    sides = [side for side in match.groupdict().values() if side and re.search("[12BIO]", side)]
    items = re.split("[JARN0X]", _MODIFIERS.sub("", text))
    foreign = any("o" in item and re.search("[12BIvk]", item) for item in items)
    both_tests = bool(re.search("[TC]", text)) and bool(re.search("[HE]", text))
    negated = stated is Stated.NEGATIVE and _MODIFIERS.search(text)
    rest = ("c" in text and "P" in text) or (stated is Stated.PENDING and _MODIFIERS.search(text))
    nameless = "u" in text and not re.search("[12BIOvk]", text)
    split = "O" in text and len([s for s in match.groupdict().values() if s and re.search("[12BIOvk]", s)]) > 1
    return len(sides) <= 1 and not (foreign or both_tests or negated or rest or nameless or split)


def _is_named(match: re.Match[str], tokens: Sequence[Token]) -> bool:
    """Return whether a positive clause names a mutation, and not only a test or an unclassified variant."""
    parts = {token.part for token in tokens}
    variants = [token.variant for token in tokens if token.variant]
    if "bare" in match.re.groupindex:
        is_test = all(v.name == R132H and not v.hgvs for v in variants) or Part.OTHER_GENE in parts
        return bool(variants) and not is_test and not parts & {Part.STAINING, Part.AND, Part.PLUS} - _notation(tokens)
    if Part.VARIANT_NOUN in parts and not variants and Part.PATHOGENIC not in parts:
        return False
    by_word = parts & {Part.POSITIVE, Part.MUTATED, Part.MUTATION, Part.STAINING, Part.VARIANT_NOUN}
    return bool(by_word or variants or parts == {Part.DETECTED})


def _notation(tokens: Sequence[Token]) -> set[Part]:
    """Return the separators that one variant in two notations, c. and p., may have between them."""
    names = {token.variant.name for token in tokens if token.variant}
    return {Part.AND} if len(names) == 1 else set()


def _test(text: str) -> Part | None:
    """Return the kind of test that a clause names."""
    kinds = ((Part.SEQUENCING, "T"), (Part.TARGETED, "C"), (Part.IMMUNO, "[HE]"))
    return next((kind for kind, letters in kinds if re.search(letters, text)), None)

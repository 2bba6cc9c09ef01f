"""Cuts a normalised text into tokens: genes, variants, loci, phrases of the lexicon, and signs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from idh_tasks.linkage.words.lexicon import DANGLING, PHRASES, Part
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.variants import Variant, read_coding, read_protein

LEXICON = {phrase: Part(part) for part, phrases in PHRASES.items() for phrase in phrases.split("|")}
LONGEST = max(len(phrase.split()) for phrase in LEXICON)

IDH1_COVERED, IDH2_COVERED = "132", "172"
LOCI = {IDH1_COVERED, IDH2_COVERED, "100", "140"}
EXON = "exon 4"
"""Codons 132 of IDH1 and 172 of IDH2 are both in exon 4 (NM_005896, NM_002168)."""

_NUMBERS = r"\d+(?:\s?(?:/|,|and|und|e|et|y|or|oder|o|ou|\+|&)\s?\d+\b)*"
_UNITS = "codons?|codon[ei]|codones|kodons?|exons?|exone[ns]?|esone|esoni"
_PATTERNS = {
    "both": r"(?<![^\W_])idh[\s-]?1\s?(?:/|\+|&|\band\b|\bund\b|\be\b|\bet\b|\by\b)\s?-?2(?!\d)",
    "gene": r"(?<![^\W_])idh(?:[\s-]?[12](?![\dp]))?(?=r\d|[^\w]|_|$)",
    "coding": r"(?<!\w)c\.\s?(?P<change>\d+[acgt]>[acgt])(?!\w)",
    "protein": r"(?:\bp\.\s?\((?P<p1>[a-z]{1,3}\d+[a-z]{1,3})\)|\bp\.\s?(?P<p2>[a-z]{1,3}\d+[a-z]{1,3})(?!\w)"
    r"|(?<![^\W\d_])(?P<p3>(?:r|arg)(?:132|172|140|100)(?:[a-z]{3}|[a-z]))(?!\w))",
    "residue": r"(?<![^\W\d_])(?:p\.\s?)?(?:r|arg)(?P<codon>132|172|140|100)(?!\w)",
    "locus": rf"\b(?P<unit>{_UNITS})\s?(?P<numbers>{_NUMBERS})(?!\w)",
    "fraction": r"\b(?:vaf|af|(?:variant )?allele frequency|allelfrequenz|frequenza allelica|frequence allelique"
    r"|frecuencia alelica)(?: of| von| di| de)?\s?[:=]?\s?(?P<ratio>[01][.,]\d{1,3})(?![\d.,]|\s?%)",
    "share": r"(?P<comparison>[<>≥≤~]|ca )?\s?(?P<percent>\d{1,3}(?:[.,]\d+)?)\s?%",
    "arms": r"\b1p\s?[/-]?\s?19q\b",
    "word": r"[^\W_]+(?:/[ab]\b)?",
    "dash": r"(?<=\w)-(?=\w)|(?<=\S) - (?=\w)|(?<=\w)-(?=/| (?:und|oder|bzw)\b)",
    "space": r" +",
    "sign": r".|\n",
}
SCANNER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
SIGNS = {
    ",": Part.AND, "(": Part.AND, "[": Part.AND, ")": Part.FILLER, "]": Part.FILLER, ":": Part.FILLER,
    "=": Part.FILLER, "/": Part.PLUS, "+": Part.PLUS, "&": Part.PLUS, ";": Part.STOP, ".": Part.STOP, "\n": Part.LINE,
    "!": Part.FILLER,
}  # fmt: skip
CLOSING = (")", "]")
"""Any other sign at the end means that something is missing: 'mutation detected: no'."""
SEPARATORS = (Part.LINE, Part.AND, Part.STOP)
"""From the weakest to the strongest."""
TESTS = (Part.SEQUENCING, Part.IMMUNO, Part.TARGETED)
TITLES = frozenset(
    ("status", "stato", "statut", "estado", "result", "results", "ergebnis", "befund", "risultato", "resultat",
     "resultado", "sequence", "sequencing", "sequenzierung", "sequencage", "sequenziamento", "secuenciacion", "ngs")
)  # fmt: skip
"""At the end they say that the finding is missing: 'IDH1 p.R132H status'."""
ALLELES = frozenset(("allele", "allel", "allels", "alelo", "allelic", "dna", "protein", "proteine"))
MATERIALS = ALLELES | {
    "gene", "genes", "gen", "gens", "geni", "genen", "tumour", "tumor", "tumorzellen", "tumour cells", "tumor cells",
    "cells", "zellen", "cellule tumorali", "cellules tumorales", "celulas tumorales", "cellule neoplastiche",
    "cellules neoplasiques", "celulas neoplasicas", "neoplastic cells", "tumorgewebe", "tumour tissue", "tumor tissue",
    "tissue", "gewebe", "sample", "specimen", "probe", "material", "ffpe", "aminosaeure", "nucleotide", "position",
    "positions", "fall", "case", "finding", "of tumour cells", "der tumorzellen",
    "vaf", "af", "allele frequency", "variant allele frequency", "allelfrequenz", "frequenza allelica",
    "frequence allelique", "frecuencia alelica",
}  # fmt: skip
"""Words without a meaning beside a finding; without one, they are what is present or absent."""
FOR = ("for", "fuer", "per", "pour", "para", "auf")
SEQUENCED = frozenset(("sequenced", "pyrosequenced", "sequenziert", "sequenziato", "secuenciado"))
PLAUSIBLE_SHARE = 10.0
"""Percent; a smaller share of cells or alleles is for a person to judge."""


@dataclass(frozen=True)
class Token:
    """One unit of a text: its part in the sentence, what it names, and what the words beside it are about."""

    part: Part
    text: str
    variant: Variant | None = None
    loci: frozenset[str] = frozenset()
    looked_for: bool = False
    of_material: bool = False


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a text, without fillers and with one separator between two statements.

    What is in no table becomes a token of part ``DOUBT``, which no clause accepts.
    """
    plain = normalise(text).rstrip(" .;,!\n")
    tokens = _without_fillers(_phrases(list(_scan(plain))))
    cut_off = [Token(Part.DOUBT, "")] if " " in plain and plain.split()[-1] in DANGLING else []
    return [*_merged(tokens), *cut_off]


def _without_fillers(tokens: Iterator[Token]) -> Iterator[Token]:
    """Drop words without a meaning here, and mark what stands beside the name of an examination."""
    for _, group in groupby(tokens, key=lambda token: token.part in SEPARATORS):
        words = list(group)
        kept = [word for word in words if word.part not in (Part.FILLER, Part.EXAMINATION)]
        looked_for, of_material = _names_examination(words), _is_of_material(words)
        yield from (replace(word, looked_for=looked_for, of_material=of_material) for word in kept)


def _is_of_material(words: list[Token]) -> bool:
    """Return whether what is said may be said of a tissue, a report or an allele: 'keine Tumorzellen nachweisbar'."""
    parts = {word.part for word in words}
    pairs = list(zip(words, [*words[1:], Token(Part.FILLER, "")], strict=True))
    if Part.WILD_TYPE in parts:
        return any(word.text in ALLELES for word in words)
    if any(word.text in FOR and after.text in MATERIALS for word, after in pairs):
        return True
    is_finding = bool(parts & {Part.DETECTED, Part.SHOWS, Part.ABSENT})
    return is_finding and any(
        word.text in MATERIALS or (after.text != ":" and (word.text in TITLES or word.part is Part.EXAMINATION))
        for word, after in pairs
    )


def _names_examination(words: list[Token]) -> bool:
    """Return whether words name an examination; 'NGS: p.R132C' names it as a heading, 'NGS' alone beside a finding."""
    parts = [word.part for word in words]
    following = [*(word.text for word in words[1:]), ""]
    tests = [after for part, after in zip(parts, following, strict=True) if part in TESTS]
    alone = set(parts) <= {*TESTS, Part.FILLER, Part.IDH1, Part.IDH2, Part.BOTH}
    is_title = words[-1].text in TITLES or any(word.text in SEQUENCED for word in words)
    return is_title or Part.EXAMINATION in parts or (not alone and any(after != ":" for after in tests))


def _scan(plain: str) -> Iterator[Token]:
    for match in SCANNER.finditer(plain):
        kind = str(match.lastgroup)
        if kind not in ("space", "dash"):
            yield _token(next(k for k in _PATTERNS if match[k] is not None), match, at_end=match.end() == len(plain))


def _token(kind: str, match: re.Match[str], *, at_end: bool) -> Token:
    text = match[0]
    if kind == "sign":
        return Token(Part.DOUBT if at_end and text not in CLOSING else SIGNS.get(text, Part.DOUBT), text)
    if kind in ("residue", "locus"):
        return _locus(match, text)
    variant = read_coding(match["change"]) if kind == "coding" else None
    variant = read_protein(_protein(match), text) if kind == "protein" else variant
    return Token(Part.VARIANT if variant else _part(kind, match), text, variant)


def _part(kind: str, match: re.Match[str]) -> Part:
    """Return the part of a token that is neither a sign nor a place in a gene."""
    if kind == "gene":
        return {"1": Part.IDH1, "2": Part.IDH2}.get(match[0][-1], Part.IDH)
    if kind in ("share", "fraction"):
        return _share(match)
    parts = {"both": Part.BOTH, "arms": Part.OTHER_GENE, "word": LEXICON.get(match[0], Part.DOUBT)}
    return parts.get(kind, Part.DOUBT)


def _protein(match: re.Match[str]) -> str:
    return match["p1"] or match["p2"] or match["p3"]


def _locus(match: re.Match[str], text: str) -> Token:
    if match["codon"]:
        return Token(Part.LOCUS, text, loci=frozenset({match["codon"]}))
    numbers = frozenset(re.findall(r"\d+", match["numbers"]))
    if match["unit"].startswith(("ex", "es")):
        return Token(Part.LOCUS if numbers == {"4"} else Part.DOUBT, text, loci=frozenset({EXON}))
    return Token(Part.LOCUS if numbers <= LOCI else Part.DOUBT, text, loci=numbers)


def _share(match: re.Match[str]) -> Part:
    value = float((match["percent"] or match["ratio"]).replace(",", ".")) * (1 if match["percent"] else 100)
    if match["comparison"] in ("<", "≤"):
        return Part.DOUBT
    if value == 0:
        return Part.NONE_AT_ALL
    return Part.SHARE if PLAUSIBLE_SHARE <= value <= 100 else Part.DOUBT


def _phrases(tokens: list[Token]) -> Iterator[Token]:
    """Join neighbouring words to the longest phrase that the lexicon has."""
    start = 0
    while start < len(tokens):
        length = next((n for n in range(LONGEST, 1, -1) if _phrase(tokens[start : start + n]) in LEXICON), 1)
        text = _phrase(tokens[start : start + length])
        yield Token(LEXICON[text], text) if length > 1 else tokens[start]
        start += length


def _phrase(tokens: list[Token]) -> str:
    return " ".join(token.text for token in tokens)


def _merged(tokens: Iterable[Token]) -> Iterator[Token]:
    """Keep the stronger of two separators in a row, and one of several names of the same other gene."""
    kept: list[Token] = []
    for token in tokens:
        if kept and token.part in SEPARATORS and kept[-1].part in SEPARATORS:
            kept[-1] = max(kept[-1], token, key=lambda t: SEPARATORS.index(t.part))
        elif not (kept and token.part is Part.OTHER_GENE and kept[-1].part is Part.OTHER_GENE):
            kept.append(token)
    yield from kept

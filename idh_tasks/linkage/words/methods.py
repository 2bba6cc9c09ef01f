"""From the name of a test to what it can show: what is not recognised as sequencing never excludes a mutation."""

import re
from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.linkage.words.findings import IDH1, IDH2
from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.tokens import EXON, IDH1_COVERED, IDH2_COVERED, Token, tokenise


class Kind(StrEnum):
    """What a test of IDH can show.

    SEQUENCING reads the codons of the genes it names. IMMUNO and TARGETED find single variants, R132H first of all.
    STATED does not say how IDH was tested. INDIRECT infers the status. UNREAD is not understood. OTHER is not of IDH.
    """

    SEQUENCING = "sequencing"
    IMMUNO = "immuno"
    TARGETED = "targeted"
    STATED = "stated"
    INDIRECT = "indirect"
    UNREAD = "unread"
    OTHER = "other"


@dataclass(frozen=True)
class IdhTest:
    """A test of a laboratory: its kind, the genes that it names, and whether it may be of other genes as well."""

    kind: Kind
    genes: frozenset[str]
    panel: bool = False
    of_other_genes: bool = False


R132H_CLONES = frozenset({"h09", "dia h09", "clone h09", "klon h09", "dianova", "midh1", "hmab 1", "hmab1"})
_TRACE = re.compile(r"idh|[^\d](132|172)(?!\d)")
_CODE = re.compile(r"(?=[A-Z_]*\d|IDH[A-Z])(?!IDH\d)[A-Z0-9_]{3,15}|\d{3,5}-\d")
_HOT_SPOTS = {IDH1: IDH1_COVERED, IDH2: IDH2_COVERED}
_KNOWN = re.compile("[12BIOosvkTHCEpiMWyJALDQe;?]*")


def _without_code(text: str) -> str:
    """Return a name without the laboratory's own code before it (HL7 OBX-3.1), such as SEQ1 or IDHSEQ."""
    code, _, name = text.strip().partition(" ")
    is_code = _CODE.fullmatch(code) and {token.part for token in tokenise(code)} == {Part.DOUBT}
    return name if name and is_code else text


def mentions_idh(text: str) -> bool:
    """Return whether a text could be about IDH, understood or not."""
    return bool(_TRACE.search(f" {normalise(text)}"))


def read_method(text: str) -> IdhTest:
    """Return what a laboratory's name for a test says of it."""
    tokens = tokenise(_without_code(text))
    letters = "".join(token.part.value for token in tokens)
    genes = _genes(tokens)
    kind = _kind(letters, tokens, genes)
    if kind in (Kind.UNREAD, Kind.STATED) and letters and not mentions_idh(text) and "T" not in letters:
        kind = Kind.OTHER
    if {token.text for token in tokens} & R132H_CLONES:
        genes = frozenset({IDH1})
    of_idh = bool(genes) or "I" in letters
    return IdhTest(kind, genes, panel="p" in letters, of_other_genes="O" in letters or not of_idh)


def _kind(letters: str, tokens: list[Token], genes: frozenset[str]) -> Kind:
    if "O" in letters and not genes and "I" not in letters:
        return Kind.OTHER
    if not _KNOWN.fullmatch(letters) or "?" in letters or ("O" in letters and not _is_gene_list(letters)):
        return Kind.UNREAD
    if re.search("[ios]", letters):
        return Kind.INDIRECT
    return _direct(letters, tokens, genes)


def _is_gene_list(letters: str) -> bool:
    """Return whether a sequencing test names other genes beside IDH1 and IDH2."""
    return bool(re.search("T", letters) and re.search("[12B]", letters)) and not re.search("[HECvi]", letters)


def _direct(letters: str, tokens: list[Token], genes: frozenset[str]) -> Kind:
    """Return the kind of a test whose name is understood and that looks for IDH itself."""
    sequencing, specific = "T" in letters, "v" in letters
    immuno, targeted = re.search("[HE]", letters), re.search("C", letters)
    if immuno:
        return _immuno(letters, genes, mixed=bool(sequencing or targeted))
    if targeted or specific:
        plain_pcr = {token.text for token in tokens if token.part is Part.TARGETED} <= {"pcr"}
        if not (sequencing and plain_pcr and not specific):
            return Kind.TARGETED
    if not sequencing:
        return Kind.INDIRECT if "p" in letters else Kind.STATED
    if "p" in letters and len(genes) == 1:
        return Kind.INDIRECT
    return Kind.SEQUENCING if _covered(genes, tokens) else Kind.INDIRECT


def _immuno(letters: str, genes: frozenset[str], *, mixed: bool) -> Kind:
    """Return IMMUNO for a stain of R132H; 'expression' alone may be that of the normal protein."""
    expression_only = "H" not in letters and "v" not in letters
    return Kind.UNREAD if mixed else Kind.INDIRECT if IDH2 in genes or expression_only else Kind.IMMUNO


def _covered(genes: frozenset[str], tokens: list[Token]) -> bool:
    loci = frozenset[str]().union(*(token.loci for token in tokens))
    return not loci or EXON in loci or all(_HOT_SPOTS[gene] in loci for gene in genes)


def _genes(tokens: list[Token]) -> frozenset[str]:
    parts = {token.part for token in tokens}
    named = ({IDH1} if parts & {Part.IDH1, Part.BOTH} else set()) | (
        {IDH2} if parts & {Part.IDH2, Part.BOTH} else set()
    )
    loci = frozenset[str]().union(*(token.loci for token in tokens))
    implied = {gene for gene, codon in _HOT_SPOTS.items() if codon in loci}
    implied |= {token.variant.gene for token in tokens if token.variant}
    return frozenset(named | implied)

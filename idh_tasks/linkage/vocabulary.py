"""Normalises what laboratories write, by a table of patterns; a text that is not in the table is unknown."""

import re

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult

METHODS = (
    (
        AssayMethod.IHC_R132H,
        r"\bihc\b|immun|antibod|anticorp|anticuerp|antik[oö]rper|\bh09\b|r132h staining|f[aä]rbung",
    ),
    (AssayMethod.NGS_PANEL, r"\bngs\b|next.?gen|panel|exome|exom\b|idh.?1 ?(/|&|\+|,|-|and|und|e|et|y) ?(idh.?)?2"),
    (AssayMethod.IDH2_SEQUENCING, r"idh.?2|172"),
    (AssayMethod.IDH1_SEQUENCING, r"idh.?1|132"),
)
"""Tried in order, on lower case."""

_GENE = r"(idh ?[12] )?"
_PROTEIN_VARIANT = (
    r"\(?(p\.)?\(?(r132[hcgslvp]|arg132(his|cys|gly|ser|leu|val|pro)"
    r"|r172[kmwgst]|arg172(lys|met|trp|gly|ser|thr))\)?"
)
_CODING_VARIANT = r"(c\.(39[45]|51[456])[acgt]>[acgt] ?)"
_EXTENT = r"((focal|diffuse?|strong|weak)(ly)? |schwach |stark |fokal |diffus |focale |focal )?"
_DETECTED = (
    r"detected|present|found|identified|nachgewiesen|nachweisbar|rilevat[ao]|presente|d[ée]tect[ée]e?|pr[ée]sente"
    r"|detectad[ao]|encontrad[ao]|identificad[ao]"
)
_MUTATION = r"mutations?|mutation(en)?|mutazion[ei]|mutaci[oó]n(es)?|alterations?|variants?|variante[ns]?|varianti"
_NEGATION = r"no|not|keine?|nicht|nessuna?|non|pas de|aucune?|sin|ninguna?|without|ohne|senza|sans"

RESULTS = (
    (
        AssayResult.PENDING,
        r"pending|await|to follow|in progress|not yet|sent out|ausstehend|folgt|in arbeit|eingesandt|in attesa|in corso"
        r"|en attente|en cours|pendiente|en curso",
    ),
    (
        AssayResult.UNKNOWN,
        r"\bvus\b|uncertain|unklar|incert|inciert|inconclusive|equivocal|borderline|fraglich|questionable|dubbi|douteu"
        r"|dudos|auswertbar|evaluable|valutabil|[ée]valuable|valorable|failed|insufficient|indeterminate|unbestimmt|\?",
    ),
    (AssayResult.NEGATIVE, rf"^({_GENE}r132h )?{_GENE}n[eé]g(ative?|ativ[oa]?|atif|ative)?$"),
    (AssayResult.NEGATIVE, rf"^{_GENE}(wild ?type?|wt|tipo selvaggio|tipo salvaje|(type )?sauvage)$"),
    (AssayResult.NEGATIVE, rf"^{_GENE}({_NEGATION}) .*\b({_MUTATION})\b"),
    (AssayResult.NEGATIVE, rf"^{_GENE}({_NEGATION}) ({_DETECTED})$"),
    (AssayResult.NEGATIVE, rf"^({_MUTATION}) ({_NEGATION}) ({_DETECTED})$"),
    (AssayResult.POSITIVE, rf"^({_GENE}r132h )?{_GENE}{_EXTENT}pos(itive?|itiv[oa]?|itif|itive)?$"),
    (AssayResult.POSITIVE, rf"^{_GENE}(mutated|mutant|mutiert|mutat[oa]|mutad[oa]|mut[ée]e?|{_DETECTED})$"),
    (AssayResult.POSITIVE, rf"^{_GENE}({_MUTATION}) ({_DETECTED})$"),
    (
        AssayResult.POSITIVE,
        rf"^{_GENE}((mutation|mutiert|mutant) )?({_CODING_VARIANT}?{_PROTEIN_VARIANT}|{_CODING_VARIANT})"
        rf"( (mutation|mutant|mutated|mutiert|pos(itive?|itiv)?|{_DETECTED}))?( (mutation|{_DETECTED}))?$",
    ),
)
"""Tried in order on normalised text: a pending or uncertain result is never read as negative."""


def _normalised(text: str) -> str:
    """Return the text in lower case with single spaces, without punctuation that has no meaning here."""
    plain = re.sub(r"(?<=\w)-(?=\w)|[:;,]", " ", text.lower())
    return re.sub(r"\s+", " ", plain).strip(" .!")


WORDS = re.compile(
    rf"{_MUTATION}|{_DETECTED}|{_NEGATION}|{_PROTEIN_VARIANT}|{_CODING_VARIANT}|idh.?[12]?"
    r"|n[eé]g(ative?|ativ[oa]?|atif)?|pos(itive?|itiv[oa]?|itif)?"
    r"|wild|wild.?type?|wt|mut(ated|ant|iert|at[oa]|ad[oa]|[ée]e?)?|focal(ly)?|diffus(e|ely)?|seq|sequencing|sequenzierung"
    r"|ihc|codon|exon|gene?s?|pending|vus|significance|signifikanz|uncertain|unclear|unklare?r?|inconclusive|equivocal"
    r"|borderline|fraglich|questionable|failed|insufficient|indeterminate|unbestimmt|evaluable|auswertbar|tumou?r|cells?"
    r"|staining|of|the|in|and|or|und|oder|et|y|e|o|\?|[<>]?\d{1,3} ?%?"
)
"""The words of a laboratory's text that may be shown; any other word could be a name."""


def known_words(text: str) -> str:
    """Return a laboratory's text with every word outside the field's vocabulary replaced by an ellipsis."""
    shown = [word if WORDS.fullmatch(word.lower().strip(".,;:()!?")) else "…" for word in text.split()]
    return re.sub(r"…( …)+", "…", " ".join(shown))


def read_method(text: str) -> AssayMethod:
    """Return the method that the laboratory names."""
    methods = (method for method, pattern in METHODS if re.search(pattern, text.lower()))
    return next(methods, AssayMethod.OTHER)


def read_result(text: str) -> AssayResult:
    """Return the result that the laboratory reports; UNKNOWN where the table does not have it."""
    plain = _normalised(text)
    results = (result for result, pattern in RESULTS if re.search(pattern, plain))
    return next(results, AssayResult.UNKNOWN)


def read_assay(method: str, result: str) -> Assay:
    """Return an assay from the laboratory's words for its method and its result."""
    return Assay(read_method(method), read_result(result))

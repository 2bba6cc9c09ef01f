"""Normalises what laboratories write, by a readable table; what is not in it is unknown."""

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
_VARIANT = (
    r"\(?(p\.)?\(?(r132[hcgslvp]|arg132(his|cys|gly|ser|leu|val|pro)"
    r"|r172[kmwgst]|arg172(lys|met|trp|gly|ser|thr))\)?"
)
_CODING = r"(c\.(39[45]|51[456])[acgt]>[acgt] ?)"
_HOW_MUCH = r"((focal|diffuse?|strong|weak)(ly)? |schwach |stark |fokal |diffus |focale |focal )?"
_FOUND = (
    r"detected|present|found|identified|nachgewiesen|nachweisbar|rilevat[ao]|presente|d[ée]tect[ée]e?|pr[ée]sente"
    r"|detectad[ao]|encontrad[ao]|identificad[ao]"
)
_MUTATION = r"mutations?|mutation(en)?|mutazion[ei]|mutaci[oó]n(es)?|alterations?|variants?|variante[ns]?|varianti"
_NONE = r"no|not|keine?|nicht|nessuna?|non|pas de|aucune?|sin|ninguna?|without|ohne|senza|sans"

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
    (AssayResult.NEGATIVE, rf"^{_GENE}({_NONE}) .*\b({_MUTATION})\b"),
    (AssayResult.NEGATIVE, rf"^{_GENE}({_NONE}) ({_FOUND})$"),
    (AssayResult.NEGATIVE, rf"^({_MUTATION}) ({_NONE}) ({_FOUND})$"),
    (AssayResult.POSITIVE, rf"^({_GENE}r132h )?{_GENE}{_HOW_MUCH}pos(itive?|itiv[oa]?|itif|itive)?$"),
    (AssayResult.POSITIVE, rf"^{_GENE}(mutated|mutant|mutiert|mutat[oa]|mutad[oa]|mut[ée]e?|{_FOUND})$"),
    (AssayResult.POSITIVE, rf"^{_GENE}({_MUTATION}) ({_FOUND})$"),
    (
        AssayResult.POSITIVE,
        rf"^{_GENE}((mutation|mutiert|mutant) )?({_CODING}?{_VARIANT}|{_CODING})"
        rf"( (mutation|mutant|mutated|mutiert|pos(itive?|itiv)?|{_FOUND}))?( (mutation|{_FOUND}))?$",
    ),
)
"""Tried in order on normalised text: what is pending or uncertain is never read as negative."""


def _normalised(text: str) -> str:
    """Return lower case with single blanks: a hyphen, a colon or a full stop at the end says nothing."""
    plain = re.sub(r"(?<=\w)-(?=\w)|[:;,]", " ", text.lower())
    return re.sub(r"\s+", " ", plain).strip(" .!")


WORDS = re.compile(
    rf"{_MUTATION}|{_FOUND}|{_NONE}|{_VARIANT}|{_CODING}|idh.?[12]?|n[eé]g(ative?|ativ[oa]?|atif)?|pos(itive?|itiv[oa]?|itif)?"
    r"|wild|wild.?type?|wt|mut(ated|ant|iert|at[oa]|ad[oa]|[ée]e?)?|focal(ly)?|diffus(e|ely)?|seq|sequencing|sequenzierung"
    r"|ihc|codon|exon|gene?s?|pending|vus|significance|signifikanz|uncertain|unclear|unklare?r?|inconclusive|equivocal"
    r"|borderline|fraglich|questionable|failed|insufficient|indeterminate|unbestimmt|evaluable|auswertbar|tumou?r|cells?"
    r"|staining|of|the|in|and|or|und|oder|et|y|e|o|\?|[<>]?\d{1,3} ?%?"
)
"""All that is shown of a laboratory's text: it may hold a name."""


def known_words(text: str) -> str:
    """Return a laboratory's text with every word that is not of the field replaced by an ellipsis."""
    shown = [word if WORDS.fullmatch(word.lower().strip(".,;:()!?")) else "…" for word in text.split()]
    return re.sub(r"…( …)+", "…", " ".join(shown))


def read_method(text: str) -> AssayMethod:
    """Return the method that the laboratory names."""
    found = (method for method, pattern in METHODS if re.search(pattern, text.lower()))
    return next(found, AssayMethod.OTHER)


def read_result(text: str) -> AssayResult:
    """Return the result that the laboratory reports; UNKNOWN where the table does not say."""
    plain = _normalised(text)
    found = (result for result, pattern in RESULTS if re.search(pattern, plain))
    return next(found, AssayResult.UNKNOWN)


def read_assay(method: str, result: str) -> Assay:
    """Return one assay as the laboratory reports it."""
    return Assay(read_method(method), read_result(result))

"""Brings a laboratory's text into one spelling: lower case, no accents, simple punctuation."""

import re
import unicodedata

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"})
SIGNS = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "→": ">"}
)
"""Marks that do not change the meaning; any other sign stays, and no rule of the grammar accepts it."""

ELISION = re.compile(r"\b(d|l|n|s|qu|un|all|dell|dall|nell|sull|gell)'(?=\w)")
ITALIAN_IS = re.compile(r"(?<!\w)(?:è|e')(?!\w)")
ABBREVIATION = re.compile(r"\b(neg|pos|mut|seq|fok|diff|heteroz)\.")
SEPARABLE_VERB = re.compile(r"\blieg(?:t|en) ([^;.,:\n]*?) ?\bvor\b")
"""German 'liegt keine Mutation vor'."""
SECOND_CODON = re.compile(r"(\bcod(?:on|ons|one|ones|oni|onen)? ?132 (?:\w+ )?idh[ -]?1 (?:and|und|e|et|y) )(?=172\b)")
"""A codon named once for two genes: 'codons 132 of IDH1 and 172 of IDH2'."""
SOFT_HYPHENS = re.compile("[\u00ad\u200b\u200c\u200d\ufeff]")


def normalise(text: str) -> str:
    """Return a text in lower case without accents; German umlauts become two letters, as laboratories type them.

    Line breaks stay: whether one separates two statements is for the grammar to decide.
    """
    plain = unicodedata.normalize("NFKC", SOFT_HYPHENS.sub("", text)).lower().translate(SIGNS)
    plain = ITALIAN_IS.sub(" ist ", plain).translate(UMLAUTS)
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    plain = SECOND_CODON.sub(r"\1codon ", ABBREVIATION.sub(r"\1 ", ELISION.sub(r"\1 ", plain)))
    plain = SEPARABLE_VERB.sub(r"\1 liegt vor", plain)
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", plain.replace("\r", "\n"))).strip()

"""The forms of a clause, as patterns over the parts of its tokens (one letter each, see ``lexicon.Part``)."""

import re
from collections.abc import Sequence

from idh_tasks.linkage.words.findings import Stated

_DETAIL = "[vkTHCy]*"
_GENE = "[12BIO]"
_ITEM = f"(?=[vkTHCy12BIO]){_DETAIL}{_GENE}?{_DETAIL}"
_NOUN_ITEM = (
    f"(?=[vkTHCy12BIOMWEo])(?:{_DETAIL}{_GENE}?{_DETAIL}[MWEo]?{_DETAIL}|{_DETAIL}[MWEo]{_DETAIL}{_GENE}{_DETAIL})"
)
_LIST = f"(?:{_ITEM}(?:[JA]{_ITEM})*)"
_NOUNS = f"(?:{_NOUN_ITEM}(?:[JA]{_NOUN_ITEM})*)"
_ALTERNATIVES = f"(?:{_NOUN_ITEM}(?:(?:[JAR][N0]?|[N0]){_NOUN_ITEM})*)"
_ASIDE = "(?:J?[kTHC]+)?"
_NO, _NOT, _DETECTED = "[N0]", "[X0]", "[Dr]"

FORMS: Sequence[tuple[Stated, str]] = (
    # no IDH1 mutation detected; IDH1: no mutation in codon 132; no evidence of mutation
    (
        Stated.NEGATIVE,
        f"(?P<left>{_LIST})?{_DETECTED}?{_NO}(?:{_DETECTED}?(?P<right>{_ALTERNATIVES})D?{_ASIDE}|D(?P<after>{_LIST})?)",
    ),
    (Stated.NEGATIVE, f"(?P<left>{_NO}{_DETECTED}?[MWE]D)(?P<right>{_ALTERNATIVES})"),
    # IDH1 mutation not detected; not detected in IDH1; no se detecta ninguna mutación
    (Stated.NEGATIVE, f"(?P<left>{_ALTERNATIVES})?(?:{_NOT}D|a)(?:N?(?P<right>{_ALTERNATIVES}))?"),
    # kein Nachweis, IDH1 negative, negative for IDH1 or IDH2 mutations
    (Stated.NEGATIVE, f"(?P<left>{_ALTERNATIVES})?q?gq?(?:(?:J(?=v))?(?P<right>{_ALTERNATIVES}))?"),
    # negative for mutant IDH1
    (Stated.NEGATIVE, f"gQ(?P<right>{_ITEM})"),
    # IDH1 wild-type, wild-type IDH1
    (Stated.NEGATIVE, f"(?P<left>{_LIST})?{_DETECTED}?wD?(?P<right>{_LIST})?"),
    # IDH1 not mutated, neither IDH1 nor IDH2 mutated; without the name of a gene it is asked
    (Stated.NEGATIVE, f"(?P<left>{_LIST})u(?P<right>{_LIST})?|u(?P<after>{_LIST})|{_NO}(?P<rest>{_ITEM}R{_ITEM})Q"),
    # IDH1 mutation detected, detected: R132H; 'detected' alone answers the question of the method
    (Stated.POSITIVE, f"(?P<left>{_NOUNS})D(?P<right>{_LIST})?|{_DETECTED}(?P<after>{_NOUNS})|D"),
    # IDH1 positive, positive for R132H
    (Stated.POSITIVE, f"(?P<left>{_NOUNS})?P(?:J?(?P<right>{_NOUNS}))?"),
    # IDH1 mutated, IDH1-mutant (R132H), mutant IDH1 detected
    (Stated.POSITIVE, f"(?P<left>{_LIST})?r?Q(?:J?(?P<right>{_LIST}))?D?"),
    # p.R132C, IDH1 c.394C>T (p.R132C)
    (Stated.POSITIVE, f"(?P<bare>{_NOUNS})"),
    (Stated.PENDING, f"(?P<left>{_NOUNS})?{_DETECTED}?Z(?P<right>{_NOUNS})?"),
)
COMPILED = tuple((stated, re.compile(f"(?:{form}){_ASIDE}")) for stated, form in FORMS)

MODIFIERS = re.compile("J[z%]+(?=J|$)|[z%c]")
"""How much and of what kind: they may stand anywhere in a positive clause."""
OTHER_CLAUSE = re.compile(
    "[OosDPgQwMWTHCrz%qAZE]+|[N0]r?(?=O*[oMWE])[OoMWETHCAy]+D?[TH]*|[X0]DN?[OoMWE]+|[OoMWETHCA]+(?:[X0][DsQ]|a|u)[TH]*"
)
"""What is said of other genes: a negation out of its place may belong to a neighbour."""


def matching_forms(text: str) -> list[tuple[Stated, re.Match[str]]]:
    """Return the forms that cover all of a clause."""
    plain = MODIFIERS.sub("", text)
    found = ((stated, form.fullmatch(plain)) for stated, form in COMPILED)
    return [(stated, match) for stated, match in found if match]

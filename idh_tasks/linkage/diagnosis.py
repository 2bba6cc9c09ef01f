"""Recognises glioblastoma in the paper's sense, under its WHO 2016 or WHO 2021 name."""

import re

GLIOBLASTOMA = re.compile(r"gl?ioblastom|\bgbm\b|944[05]/3|63634009|\bc71.*944")
ASTROCYTOMA_4 = re.compile(r"(?=.*astro[cz][iy]t)(?=.*(grade?o? ?(4|iv)\b|(who|cns|oms).{0,12}\b(4|iv)\b))")
"""What WHO 2016 calls an IDH-mutant glioblastoma is an astrocytoma, IDH-mutant, grade 4 since WHO 2021."""
DOUBT = re.compile(
    r"\bno\b|\bnot\b|\bkein|\bnicht\b|\bnon\b|\bpas de\b|\bsin\b|\bnessun|\bohne\b|\bsenza\b|\bwithout\b"
    r"|\bsuspect|\bverdacht|\bv\.? ?a\.?\b|\bsospett|\bsuspicion|\bsospecha|\bdd\b|\bversus\b|\bvs\b|\bor\b|\boder\b|\?"
)


def is_glioblastoma(text: str) -> bool | None:
    """Return whether a diagnosis is glioblastoma, or None where it is empty, negated or only suspected.

    Returns
    -------
    bool or None
        False for another tumour; None is for a person to decide.
    """
    plain = re.sub(r"\s+", " ", text.lower())
    plain = re.sub(r"not otherwise specified|nicht n[äa]her bezeichnet", "", plain)
    if not plain.strip():
        return None
    if not (GLIOBLASTOMA.search(plain) or ASTROCYTOMA_4.search(plain)):
        return None if DOUBT.search(plain) and "gliom" in plain else False
    doubts = [doubt for doubt in DOUBT.finditer(plain) if not _is_about_molecular_marker(plain, doubt)]
    return None if doubts else True


def _is_about_molecular_marker(plain: str, doubt: re.Match[str]) -> bool:
    """Return whether a negation refers to a molecular marker: one is named within a few words of it."""
    context = plain[max(0, doubt.start() - 30) : doubt.end() + 30]
    return bool(re.search(r"idh|mutat|r132|r172|mgmt|1p|atrx", context))

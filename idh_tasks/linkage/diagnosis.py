"""Whether a diagnosis is the paper's glioblastoma, by the names of WHO 2016 and of WHO 2021."""

import re

GLIOBLASTOMA = re.compile(r"gl?ioblastom|\bgbm\b|944[05]/3|63634009|\bc71.*944")
ASTROCYTOMA_4 = re.compile(r"(?=.*astro[cz][iy]t)(?=.*(grade?o? ?(4|iv)\b|(who|cns|oms).{0,12}\b(4|iv)\b))")
"""An IDH-mutant glioblastoma of 2016 is an astrocytoma, IDH-mutant, grade 4 since 2021."""
DOUBTED = re.compile(
    r"\bno\b|\bnot\b|\bkein|\bnicht\b|\bnon\b|\bpas de\b|\bsin\b|\bnessun|\bohne\b|\bsenza\b|\bwithout\b"
    r"|\bsuspect|\bverdacht|\bv\.? ?a\.?\b|\bsospett|\bsuspicion|\bsospecha|\bdd\b|\bversus\b|\bvs\b|\bor\b|\boder\b|\?"
)


def is_glioblastoma(text: str) -> bool | None:
    """Tell whether a diagnosis is glioblastoma; None where it is empty, negated or only suspected.

    Returns
    -------
    bool or None
        None asks a person; another tumour is False.
    """
    plain = re.sub(r"\s+", " ", text.lower())
    plain = re.sub(r"not otherwise specified|nicht n[äa]her bezeichnet", "", plain)
    if not plain.strip():
        return None
    found = GLIOBLASTOMA.search(plain) or ASTROCYTOMA_4.search(plain)
    if found is None:
        return None if DOUBTED.search(plain) and "gliom" in plain else False
    doubts = [doubt for doubt in DOUBTED.finditer(plain) if not _about_idh(plain, doubt)]
    return None if doubts else True


def _about_idh(plain: str, doubt: re.Match[str]) -> bool:
    """Tell whether a negation speaks of the gene: it stands within a few words of it."""
    around = plain[max(0, doubt.start() - 30) : doubt.end() + 30]
    return bool(re.search(r"idh|mutat|r132|r172|mgmt|1p|atrx", around))

"""Normalises what laboratories write, by a readable table; what is not in it is unknown."""

import re

from idh_tasks.domain.pathology import AssayMethod, AssayResult

METHODS = (
    (AssayMethod.IHC_R132H, r"\bihc\b|immun|antibod|r132h (staining|ihc)"),
    (AssayMethod.IDH2_SEQUENCING, r"idh.?2|172"),
    (AssayMethod.IDH1_SEQUENCING, r"idh.?1|132"),
)

RESULTS = (
    (AssayResult.PENDING, r"pending|awaited|to follow|ausstehend|in attesa"),
    (AssayResult.NEGATIVE, r"^(neg(ative|ativ|ativo)?|wild.?type|wt|not detected|no mutation( detected)?)$"),
    (AssayResult.POSITIVE, r"^(pos(itive|itiv|itivo)?|focal(ly)? positive|mutated|mutant|detected)$"),
    (AssayResult.POSITIVE, r"^(idh1 )?(p\.)?r132[hcgsl]$|^(idh2 )?(p\.)?r172[kmwgs]$"),
)
"""Tried in order: what is pending is never read as negative."""


def read_method(text: str) -> AssayMethod:
    """Return the method that the laboratory names."""
    found = (method for method, pattern in METHODS if re.search(pattern, text, re.I))
    return next(found, AssayMethod.OTHER)


def read_result(text: str) -> AssayResult:
    """Return the result that the laboratory reports; UNKNOWN where the table does not say."""
    stripped = text.strip()
    found = (result for result, pattern in RESULTS if re.search(pattern, stripped, re.I))
    return next(found, AssayResult.UNKNOWN)

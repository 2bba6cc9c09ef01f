"""What a clause can state of a gene."""

from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.linkage.words.lexicon import Part


class Stated(StrEnum):
    """What a clause states.

    EXCLUDED is the absence of single variants, which says nothing of the others. UNCLEAR is a clause in good form that
    does not state enough, such as an unclassified variant: it must not be read as part of its neighbour.
    """

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EXCLUDED = "excluded"
    PENDING = "pending"
    UNCLEAR = "unclear"


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


UNCLEAR = frozenset({Finding(IDH, Stated.UNCLEAR)})
ABOUT_OTHER = Finding(OTHER, Stated.EXCLUDED)
"""What is stated of another gene does not matter here."""

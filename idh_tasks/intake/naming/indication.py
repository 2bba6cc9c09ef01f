"""What one kind of evidence says about a series."""

from dataclasses import dataclass

from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class Indication:
    """The sequence that a kind of evidence indicates, in words; a conclusive one cannot be contradicted.

    Empty words mean that the evidence is there, but fits no rule.
    """

    sequence: MrSequence
    words: str
    conclusive: bool = False

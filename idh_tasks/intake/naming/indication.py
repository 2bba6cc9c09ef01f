"""What one kind of evidence says about a series."""

from dataclasses import dataclass

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.naming.sequence_rules import Kind


@dataclass(frozen=True)
class Indication:
    """The sequence that a kind of evidence indicates, in words.

    `kind` says whether the images were acquired as such or computed from others. `also` is a second sequence that the
    evidence fits equally well. `declared` marks what the scanner wrote into Image Type. Empty words mean that the
    evidence is there, but fits no rule.
    """

    sequence: MrSequence
    words: str
    kind: Kind = Kind.ACQUIRED
    also: MrSequence | None = None
    declared: bool = False

    @property
    def answers(self) -> frozenset[MrSequence]:
        """Return the sequences that the evidence permits."""
        return frozenset({self.sequence, self.also} - {None})  # type: ignore[arg-type]  # mypy keeps None

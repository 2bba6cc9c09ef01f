"""The name that a reviewer gave a series; it holds as long as the platform concludes the same as when it asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification, SeriesId

BY_A_REVIEWER = "; a reviewer named it "
"""As in `idh.reopen_review`."""


@dataclass(frozen=True)
class ReviewedName:
    """The sequence that a reviewer named, and what the platform had concluded."""

    series_id: SeriesId
    sequence: MrSequence
    concluded: MrSequence
    confidence: Confidence
    evidence: str

    @property
    def named_evidence(self) -> str:
        """Return the evidence of the series under this name."""
        return named_evidence(self.evidence, self.sequence)


def concluded(one: Identification, names: Sequence[ReviewedName]) -> Identification:
    """Return what the platform had concluded about a series that may be stored under a reviewer's name."""
    for name in names:
        if (one.sequence, one.evidence) == (name.sequence, name.named_evidence):
            return replace(one, sequence=name.concluded, confidence=name.confidence, evidence=name.evidence)
    return one


def named(one: Identification, names: Sequence[ReviewedName]) -> Identification:
    """Return an identification with the name that was given for just this conclusion, if there is one."""
    for name in names:
        if (one.sequence, one.confidence, one.evidence) == (name.concluded, name.confidence, name.evidence):
            return replace(one, sequence=name.sequence, confidence=Confidence.HIGH, evidence=name.named_evidence)
    return one


def named_evidence(evidence: str, sequence: str) -> str:
    """Return the evidence of a series that a reviewer has named."""
    return f"{evidence}{BY_A_REVIEWER}{sequence}"

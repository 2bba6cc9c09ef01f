"""Local rules: a reviewer's answer about one series, for all series of the same protocol that raise the same doubt.

A rule names only what the platform is unsure of, only within its limits of timing, and never against the physics.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isclose

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification, Ruled, SeriesPhysics

BY_A_RULE = "; local rule "
"""As in `idh.name_by_rule`."""
TOLERANCE, TOLERANCE_MS = 0.1, 0.5
"""How far repetition, echo and inversion time may be from those of the series that was asked about."""

NUMBER = re.compile(r"(?<![\w.])\d+(\.\d+)?(?![\w.])")
"""A number by itself; T1 and 3D are words."""


class RuleState(StrEnum):
    """A rule is proposed by a reviewer, and names series while it is active."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"


class Effect(StrEnum):
    """What a rule does, or would do, about a series of its protocol."""

    NAMED = "would be named"
    IN_FORCE = "named by this rule"
    AGREES = "sure, and agrees"
    DISAGREES = "sure, and disagrees"
    ASKED = "stays in question"


@dataclass(frozen=True)
class SeriesRule:
    """A rule in its present state; `protocol` is the keyed token of a protocol, `doubt` what it settles."""

    rule_id: int
    protocol: str
    doubt: str
    sequence: MrSequence
    tr: float
    te: float
    ti: float
    proposed_by: str
    state: RuleState

    @property
    def words(self) -> str:
        """Return how the rule is called where it refuses another."""
        return f"local rule {self.rule_id} ({self.sequence}, {self.state})"

    def concerns(self, protocol: str, physics: SeriesPhysics, tolerance: float = TOLERANCE) -> bool:
        """Return whether a series is of the protocol of the rule, and within its limits of timing."""
        pairs = ((self.tr, physics.tr), (self.te, physics.te), (self.ti, physics.ti))
        within = (isclose(a, b, rel_tol=tolerance, abs_tol=TOLERANCE_MS) for a, b in pairs)
        return bool(protocol) and protocol == self.protocol and all(within)

    def settles(self, one: Identification, protocol: str, physics: SeriesPhysics) -> bool:
        """Return whether the rule names a series: its doubt is the same, and its physics permits the name."""
        return (
            one.confidence is Confidence.LOW
            and self.concerns(protocol, physics)
            and doubt(one.evidence) == self.doubt
            and self.sequence in physics.permitted
        )

    def overlaps(self, other: "SeriesRule") -> bool:
        """Return whether a series may be settled by both."""
        timing = SeriesPhysics(other.tr, other.te, other.ti)
        return self.doubt == other.doubt and self.concerns(other.protocol, timing, 2 * TOLERANCE)

    def effect(self, one: Identification, protocol: str, physics: SeriesPhysics) -> Effect:
        """Return what the rule does about a series, whatever its state."""
        if one.ruled and one.ruled.rule_id == self.rule_id:
            return Effect.IN_FORCE
        if one.confidence is Confidence.HIGH:
            return Effect.AGREES if one.sequence is self.sequence else Effect.DISAGREES
        return Effect.NAMED if self.settles(one, protocol, physics) else Effect.ASKED


def doubt(evidence: str) -> str:
    """Return why a name is not sure, without the numbers of the series."""
    return NUMBER.sub("#", evidence.partition(" → ")[2])


def ruled(one: Identification, protocol: str, physics: SeriesPhysics, rules: Sequence[SeriesRule]) -> Identification:
    """Return an identification with the name that a rule gives it, if one does."""
    rule = next((rule for rule in rules if rule.settles(one, protocol, physics)), None)
    if rule is None:
        return one
    return replace(
        one,
        sequence=rule.sequence,
        confidence=Confidence.HIGH,
        evidence=f"{one.evidence}{BY_A_RULE}{rule.rule_id} ({rule.proposed_by}) named it {rule.sequence}",
        ruled=Ruled(rule.rule_id, one.sequence),
    )


def unruled(one: Identification) -> Identification:
    """Return what had been concluded about a series without a rule."""
    if one.ruled is None:
        return one
    evidence = one.evidence.partition(BY_A_RULE)[0]
    return replace(one, sequence=one.ruled.concluded, confidence=Confidence.LOW, evidence=evidence, ruled=None)

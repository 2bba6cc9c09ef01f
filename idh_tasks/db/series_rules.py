"""Local rules about names of series, and the series that they concern."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.series_rule import RuleState, SeriesRule
from idh_tasks.domain.study import UNKNOWN_PHYSICS, Identification, Ruled, SeriesPhysics


@dataclass(frozen=True)
class RuleOnRecord(SeriesRule):
    """A rule with its origin, and with how many series have their name by it now.

    `review_id` is the question that it was made of, None if that was erased; `version` counts the states.
    """

    version: int
    manufacturer: str
    proposed_at: datetime
    stated_by: str
    stated_at: datetime
    reason: str | None
    review_id: str | None
    series_named: int


@dataclass(frozen=True)
class StatedState:
    """A state of a rule, by whom, when and why."""

    version: int
    state: RuleState
    stated_by: str
    stated_at: datetime
    reason: str | None


@dataclass(frozen=True)
class AnsweredSeries:
    """What a reviewer has answered about a series, and what is kept about it.

    `rule_id` is the rule that was made of the answer, unless it is retired.
    """

    sequence: MrSequence
    evidence: str
    protocol: str
    physics: SeriesPhysics | None
    manufacturer: str
    rule_id: int | None


@dataclass(frozen=True)
class SeriesOfProtocol:
    """A stored series of the protocol of a rule."""

    study_id: str
    series_id: str
    sequence: MrSequence
    confidence: Confidence
    evidence: str
    contrast: Contrast
    physics: SeriesPhysics | None
    rule_id: int | None
    rule_replaced: MrSequence | None

    @property
    def known_physics(self) -> SeriesPhysics:
        """Return what is kept of its physics."""
        return self.physics or UNKNOWN_PHYSICS

    @property
    def identification(self) -> Identification:
        """Return its identification."""
        by = Ruled(self.rule_id, self.rule_replaced) if self.rule_id and self.rule_replaced else None
        return Identification(self.sequence, self.confidence, self.evidence, self.contrast, by)


def lock(transaction: Transaction) -> None:
    """Keep all others from proposing, activating or retiring a rule until this transaction ends."""
    transaction.run("series_rules/lock_rules")


def every(transaction: Transaction, rule_id: int | None = None) -> list[RuleOnRecord]:
    """Return all rules, or the one with this number, in their present state, the latest first."""
    return transaction.all(RuleOnRecord, "series_rules/select_rules", rule_id=rule_id)


def states(transaction: Transaction, rule_id: int) -> list[StatedState]:
    """Return the states of a rule, the first one first."""
    return transaction.all(StatedState, "series_rules/select_rule_states", rule_id=rule_id)


def answered(transaction: Transaction, review_id: str) -> AnsweredSeries | None:
    """Return the answer to a question about a series, or None if there is none in force."""
    return transaction.first(AnsweredSeries, "series_rules/select_answered_series", review_id=review_id)


def of_protocol(transaction: Transaction, protocol: str) -> list[SeriesOfProtocol]:
    """Return the present series of a protocol, the latest study first."""
    return transaction.all(SeriesOfProtocol, "series_rules/select_series_of_protocol", protocol=protocol)


def propose(transaction: Transaction, review_id: str, doubt: str, operator: str) -> int | None:
    """Make a rule of the answer to a question; return its number, or None if the answer cannot become one."""
    values = {"review_id": review_id, "doubt": doubt, "operator": operator}
    [made] = transaction.column(int | None, "series_rules/propose_rule", **values)  # type: ignore[arg-type]  # a union is no type
    return made


def change(
    transaction: Transaction,
    rule: RuleOnRecord,
    state: RuleState,
    operator: str,
    reason: str = "",
    effects: Mapping[str, int] | None = None,
) -> bool:
    """Activate or retire a rule; return False if it has changed meanwhile, or its state does not allow it."""
    values = {"rule_id": rule.rule_id, "version": rule.version, "state": state.value, "reason": reason}
    effect = json.dumps(dict(effects or {}))
    return transaction.column(bool, "series_rules/change_rule", **values, operator=operator, effects=effect) == [True]


def name(transaction: Transaction, rule_id: int, series: SeriesOfProtocol, operator: str) -> bool:
    """Name a stored series by an active rule; return False if it has changed meanwhile."""
    seen = {"study_id": series.study_id, "series_id": series.series_id}
    concluded = {"sequence": series.sequence.value, "evidence": series.evidence}
    values = seen | concluded | {"rule_id": rule_id, "operator": operator}
    return transaction.column(bool, "series_rules/name_by_rule", **values) == [True]


def take_back(transaction: Transaction, rule_id: int, series: SeriesOfProtocol, operator: str) -> bool:
    """Take the name that a rule gave a series back; return False if it has changed meanwhile."""
    values = {"rule_id": rule_id, "study_id": series.study_id, "series_id": series.series_id, "operator": operator}
    return transaction.column(bool, "series_rules/take_back_rule_name", **values) == [True]

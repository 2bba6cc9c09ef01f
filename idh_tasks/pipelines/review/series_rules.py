"""Local rules: proposed of an answer, previewed on past series, activated, and retired."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import series_rules
from idh_tasks.db.engine import Transaction
from idh_tasks.db.series_rules import AnsweredSeries, RuleOnRecord, SeriesOfProtocol, StatedState
from idh_tasks.domain.series_rule import Effect, RuleState, SeriesRule, doubt
from idh_tasks.domain.study import UNKNOWN_PHYSICS
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform

DIGEST_LENGTH = 16


@dataclass(frozen=True)
class RuleOffer:
    """Whether an answer can become a rule: the rule that was made of it, or why none can be."""

    rule_id: int | None
    refusal: str | None


@dataclass(frozen=True)
class AffectedSeries:
    """A stored series within the limits of a rule, and what the rule does about it."""

    series: SeriesOfProtocol
    effect: Effect


@dataclass(frozen=True)
class Preview:
    """What a rule would do to the series that are stored; `digest` stands for all of it."""

    rule: RuleOnRecord
    states: list[StatedState]
    affected: list[AffectedSeries]

    @property
    def counts(self) -> dict[Effect, int]:
        """Return the number of series by effect."""
        counted = Counter(one.effect for one in self.affected)
        return {effect: counted[effect] for effect in Effect if counted[effect]}

    @property
    def studies(self) -> int:
        """Return the number of studies that the rule concerns."""
        return len({one.series.study_id for one in self.affected})

    @property
    def digest(self) -> str:
        """Return the digest of the rule and of all that is shown about it."""
        shown = [(one.series.study_id, one.series.series_id, one.series.evidence, one.effect) for one in self.affected]
        content = json.dumps([self.rule.rule_id, self.rule.version, sorted(shown)])
        return hashlib.sha256(content.encode()).hexdigest()[:DIGEST_LENGTH]

    def with_effect(self, effect: Effect) -> list[SeriesOfProtocol]:
        """Return the series about which the rule does this."""
        return [one.series for one in self.affected if one.effect is effect]


def rules(platform: Platform) -> list[RuleOnRecord]:
    """Return all rules in their present state, the latest first."""
    with platform.database.begin() as transaction:
        return series_rules.every(transaction)


def offer(platform: Platform, review_id: str) -> RuleOffer | None:
    """Return whether the answer to a question can become a rule; None if it names no series."""
    with platform.database.begin() as transaction:
        answered = series_rules.answered(transaction, review_id)
        others = series_rules.every(transaction) if answered else []
    return RuleOffer(answered.rule_id, _refusal(answered, others)) if answered else None


def preview(platform: Platform, rule_id: int) -> Preview | None:
    """Return what a rule would do, or None if there is no rule with this number."""
    with platform.database.begin() as transaction:
        return _preview(transaction, rule_id)


def propose(platform: Platform, review_id: str, reviewer: str) -> int:
    """Make a rule of the answer to a question; it names nothing until it is activated. Return its number.

    Raises
    ------
    RunRefusedError
        ``E_RULE`` if the question has no answer in force, nothing is kept by which a rule could know the protocol, the
        physics of the series excludes the answer, or another rule speaks for the same series.
    """
    with platform.database.begin() as transaction:
        series_rules.lock(transaction)
        answered = series_rules.answered(transaction, review_id)
        if answered is None:
            raise _refused("the question has no answer in force about the name of a series")
        if refusal := _refusal(answered, series_rules.every(transaction)):
            raise _refused(refusal)
        made = series_rules.propose(transaction, review_id, doubt(answered.evidence), reviewer)
    if made is None:
        raise _refused("the answer or the series has changed meanwhile; open the question again")
    return made


def activate(platform: Platform, rule_id: int, shown: str, operator: str) -> None:
    """Let a rule name the series that arrive from now on.

    Parameters
    ----------
    shown
        The digest of the preview that the operator has seen.

    Raises
    ------
    RunRefusedError
        ``E_NOT_SHOWN`` if the preview is another one by now; ``E_RULE`` if an active rule speaks for the same series.
    """
    with platform.database.begin() as transaction:
        series_rules.lock(transaction)
        seen = _as_shown(transaction, rule_id, shown)
        active = [one for one in series_rules.every(transaction) if one.state is RuleState.ACTIVE]
        if conflict := _conflict(seen.rule, active):
            raise _refused(conflict)
        effects = {effect.value: count for effect, count in seen.counts.items()}
        if not series_rules.change(transaction, seen.rule, RuleState.ACTIVE, operator, effects=effects):
            raise _refused(f"{seen.rule.words} cannot be activated")


def retire(platform: Platform, rule_id: int, reason: str, operator: str) -> None:
    """End a rule; the series that it has named keep their names until they are taken back.

    Raises
    ------
    RunRefusedError
        ``E_RULE`` if there is no such rule, or it is retired already.
    """
    with platform.database.begin() as transaction:
        series_rules.lock(transaction)
        [*found] = series_rules.every(transaction, rule_id)
        if not (found and series_rules.change(transaction, found[0], RuleState.RETIRED, operator, reason)):
            raise _refused(f"there is no rule {rule_id}, or it is retired already")


DECISIONS = {
    RuleState.ACTIVE: (Effect.NAMED, series_rules.name),
    RuleState.RETIRED: (Effect.IN_FORCE, series_rules.take_back),
}
"""What can be decided about past series: by an active rule they are named, from a retired one names are taken back."""


def decide_past(platform: Platform, rule_id: int, state: RuleState, operator: str) -> int:
    """Name the past series that an active rule settles, or take back the names of a retired one; return how many.

    Each series has a transaction of its own, so that a call that was interrupted is repeated.

    Parameters
    ----------
    state
        That of the rule, as the operator saw it.

    Raises
    ------
    RunRefusedError
        ``E_RULE`` if the rule is in another state by now, or only proposed.
    """
    found = preview(platform, rule_id)
    if found is None or found.rule.state is not state or state not in DECISIONS:
        raise _refused(f"there is no rule {rule_id} that is {state} and decides about past series")
    effect, decide = DECISIONS[state]
    done = 0
    for series in found.with_effect(effect):
        with platform.database.begin() as transaction:
            done += decide(transaction, rule_id, series, operator)
    return done


def _preview(transaction: Transaction, rule_id: int) -> Preview | None:
    found = series_rules.every(transaction, rule_id)
    if not found:
        return None
    [rule] = found
    affected = [
        AffectedSeries(one, rule.effect(one.identification, rule.protocol, one.known_physics))
        for one in series_rules.of_protocol(transaction, rule.protocol)
        if one.rule_id == rule_id or rule.concerns(rule.protocol, one.known_physics)
    ]
    return Preview(rule, series_rules.states(transaction, rule_id), affected)


def _as_shown(transaction: Transaction, rule_id: int, shown: str) -> Preview:
    seen = _preview(transaction, rule_id)
    if seen is None:
        raise _refused(f"there is no rule {rule_id}")
    if seen.digest != shown:
        raise RunRefusedError(
            Code.E_NOT_SHOWN, "what the rule would do has changed since it was shown; look at it again"
        )
    return seen


def _refusal(answered: AnsweredSeries, others: Sequence[RuleOnRecord]) -> str | None:
    """Return why an answer cannot become a rule, if it cannot."""
    if not answered.protocol or answered.physics is None:
        return "nothing is kept about the protocol of this series: it has no description, or came before local rules"
    if answered.sequence not in answered.physics.permitted:
        return f"the physics of the series excludes {answered.sequence}, and no rule may overrule it"
    return _conflict(_as_rule(answered), others)


def _as_rule(answered: AnsweredSeries) -> SeriesRule:
    physics = answered.physics or UNKNOWN_PHYSICS
    timing = (physics.tr, physics.te, physics.ti)
    why = doubt(answered.evidence)
    return SeriesRule(0, answered.protocol, why, answered.sequence, *timing, "", RuleState.PROPOSED)


def _conflict(wanted: SeriesRule, others: Sequence[RuleOnRecord]) -> str | None:
    """Return which other rule speaks for the same series, if one does."""
    for other in others:
        if other.rule_id != wanted.rule_id and other.state is not RuleState.RETIRED and wanted.overlaps(other):
            says = "says the same" if other.sequence is wanted.sequence else "says otherwise"
            return f"{other.words} speaks for the same series and {says}"
    return None


def _refused(reason: str) -> RunRefusedError:
    return RunRefusedError(Code.E_RULE, reason)

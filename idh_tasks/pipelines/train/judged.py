"""Judges one network by itself, by the baselines of its run, and beside the best champion of its sequence so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from idh_tasks.codes import Code, catalogue
from idh_tasks.db import judgements, models, results
from idh_tasks.db.engine import Transaction
from idh_tasks.db.judgements import BestChampion, Verdict
from idh_tasks.db.models import Challenger
from idh_tasks.domain.learning import Comparison, Refusal
from idh_tasks.domain.performance import Performance
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.changed_classes import changed_classes
from idh_tasks.learning.gate import Evidence, GateDecision, Rounds, judge
from idh_tasks.pipelines.train.leak_text import leak_lines
from idh_tasks.pipelines.train.verdict_text import verdict_text
from idh_tasks.settings import LearningSettings

Stored = Callable[[str], dict[MrSequence, Evidence]]
"""Returns the evidence of a run by sequence."""


@dataclass(frozen=True)
class Judged:
    """A network with the verdict about it, the reasons against it, and the paragraph that a person reads."""

    challenger: Challenger
    verdict: Verdict
    refusals: list[str]
    text: str
    on_locked: bool


def judge_network(
    transaction: Transaction,
    challenger: Challenger,
    stored: Stored,
    baselines: Sequence[Comparison],
    settings: LearningSettings,
    *,
    may_look: bool,
) -> Judged:
    """Judge a network beside the best champion so far, if there is one.

    Parameters
    ----------
    stored
        Reads the evidence of a run.
    may_look
        Whether the locked test set may decide.
    """
    sequence, champion_run = challenger.sequence, challenger.champion_run
    own = stored(challenger.run_id)[sequence]
    champion = stored(champion_run)[sequence] if champion_run else Evidence()
    best = judgements.best_champion(transaction, sequence)
    decided = judge(
        own,
        stored(best.run_id)[sequence] if best else Evidence(),
        challenger.checks,
        settings,
        baselines,
        _rounds(transaction, challenger, best, stored),
        may_look=may_look,
    )
    decision = replace(
        decided,
        refusals=(*_withdrawn(challenger), *decided.refusals),
        withdrawn=any(row.sequence is sequence for row in models.withdrawals(transaction)),
    )
    verdict = Verdict(
        sequence,
        challenger.champion_id,
        decision.passed,
        _words(decision),
        **vars(changed_classes(own.scores, champion.scores)),
        best_id=best.model_id if best else None,
        better=decision.better,
        drifted=decision.drifted,
        restores_id=_restored(challenger, best, decision),
        switched_off=settings.switched_off,
    )
    text = "\n".join([verdict_text(verdict, own.performance, champion.performance), *leak_lines(challenger.checks)])
    return Judged(challenger, verdict, [str(refusal) for refusal in decision.refusals], text, decision.on_locked)


def _withdrawn(challenger: Challenger) -> list[Refusal]:
    return [Refusal(Code.E_CHAMPION_WITHDRAWN, "it never becomes champion again")] if challenger.withdrawn else []


def _restored(challenger: Challenger, best: BestChampion | None, decision: GateDecision) -> str | None:
    """Return the best champion so far, if the networks that replaced it have drifted from it."""
    if best is None or decision.passed or not decision.drifted or best.model_id == challenger.champion_id:
        return None
    return best.model_id


def _words(decision: GateDecision) -> str:
    """Return the reasons with the meaning of each code, and the comparison with its power."""
    reasons = [f"{catalogue()[r.code].meaning.removesuffix('.')} ({r})" for r in decision.refusals]
    return "; ".join([*reasons, *([decision.compared] if decision.compared else [])])


def _rounds(transaction: Transaction, challenger: Challenger, best: BestChampion | None, stored: Stored) -> Rounds:
    """Return the challengers of other runs that were compared with the best champion so far."""
    if best is None:
        return Rounds()
    sequence = challenger.sequence
    rounds = judgements.rounds(transaction, sequence, best.model_id, challenger.run_id)
    scores = [stored(one.run_id)[sequence].scores for one in rounds]
    replaced = best.model_id != challenger.champion_id
    return Rounds(scores, replaced, any(one.drifted for one in rounds))


def evidence(transaction: Transaction, run_id: str) -> dict[MrSequence, Evidence]:
    """Return what the networks of a run are judged by."""
    scores, locked = results.scores(transaction, run_id), results.locked_scores(transaction, run_id)
    return {
        sequence: Evidence(
            scores[sequence], locked[sequence], result.outcome if isinstance(result.outcome, Performance) else None
        )
        for sequence, result in results.of_run(transaction, run_id).items()
    }

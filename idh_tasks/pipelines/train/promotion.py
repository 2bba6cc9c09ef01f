"""Judges the models of a run and promotes them; each change is one transaction and one audit event."""

import json
import logging
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import audit, models, results, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.models import Challenger, HistoryEvent, ModelState
from idh_tasks.domain.learning import ModelRecord
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.gate import GateDecision, judge
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)

Champions = dict[str, str | None]
"""The id of the champion by sequence, or None for a sequence without one."""


class Judgement(TypedDict):
    """What a person approves; plain JSON.

    The networks of the run by sequence (their SHA-256), the champions that eligible ones were compared with, one
    sentence per network, and a digest of all this.
    """

    run_id: str
    networks: dict[str, str]
    eligible: Champions
    sentences: list[str]
    digest: str


def judge_challengers(platform: Platform, run_id: str) -> Judgement:
    """Judge every model of a run; record the refusals, and end the run if no model is eligible."""
    eligible: Champions = {}
    networks, sentences = {}, []
    with platform.database.begin() as transaction:
        for challenger in models.of_run(transaction, run_id):
            decision = _decide(transaction, challenger, platform.settings.learning)
            networks[challenger.sequence.value] = challenger.sha256
            sentences.append(f"{challenger.sequence}: {decision}")
            if decision.passed:
                eligible[challenger.sequence.value] = challenger.champion_id
            else:
                refusals = [str(refusal) for refusal in decision.refusals]
                audit.record(transaction, "gate", "kept", challenger.model_id, refusals=refusals)
        if not eligible:
            training.set_promoted(transaction, run_id)
    for sentence in sentences:
        log.info("%s", sentence)
    digest = _digest(run_id, networks, eligible, sentences)
    return Judgement(run_id=run_id, networks=networks, eligible=eligible, sentences=sentences, digest=digest)


def _digest(run_id: str, networks: dict[str, str], eligible: Champions, sentences: list[str]) -> str:
    return keys.digest(json.dumps([run_id, networks, eligible, sentences], sort_keys=True))


def _decide(transaction: Transaction, challenger: Challenger, settings: LearningSettings) -> GateDecision:
    sequence, champion_run = challenger.sequence, challenger.champion_run
    own = results.scores(transaction, challenger.run_id)[sequence]
    own_locked = results.locked_scores(transaction, challenger.run_id)[sequence]
    champions = results.scores(transaction, champion_run)[sequence] if champion_run else []
    champions_locked = results.locked_scores(transaction, champion_run)[sequence] if champion_run else []
    return judge(own, champions, challenger.canary, settings, (own_locked, champions_locked))


def refuse_approval(platform: Platform, judged: str, shown: str) -> None:
    """Record that the answer to one judgement does not count for another one.

    Raises
    ------
    RunRefusedError
        ``E_NOT_SHOWN``, always.
    """
    with platform.database.begin() as transaction:
        audit.record(transaction, "gate", "approval not taken", judged, shown=shown)
    raise RunRefusedError(Code.E_NOT_SHOWN, "the networks were judged again after Airflow showed them")


def promote(
    platform: Platform, run_id: str, judgement: Judgement, actor: str = "auto", approved: str | None = None
) -> list[str]:
    """Make the eligible models of a run champions, all of them or none.

    Parameters
    ----------
    judgement
        As returned by `judge_challengers`.
    approved
        Digest of the judgement that a person was shown and approved, or None if nobody was asked.

    Returns
    -------
    list of str
        The sequences that have a new champion.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if a champion was replaced since the judgement, which a person may have approved; ``E_NOT_SHOWN`` if
        the approval was given for another judgement, or if the judgement is about other networks.
    """
    _check_approval(run_id, judgement, approved)
    promoted = []
    with platform.database.begin() as transaction:
        models.lock_promotion(transaction)
        for challenger in models.of_run(transaction, run_id):
            sequence = challenger.sequence
            if sequence not in judgement["eligible"] or challenger.state is ModelState.CHAMPION:
                continue
            _check_networks(challenger, judgement)
            models.promote(transaction, sequence, challenger.model_id)
            audit.record(transaction, actor, "promoted", challenger.model_id, replaces=challenger.champion_id)
            promoted.append(sequence.value)
        training.set_promoted(transaction, run_id)
    log.info("promoted: %s", ", ".join(promoted) or "none")
    return promoted


def _check_approval(run_id: str, judgement: Judgement, approved: str | None) -> None:
    content = judgement["networks"], judgement["eligible"], judgement["sentences"]
    digest = _digest(run_id, *content)
    if digest != judgement["digest"] or approved not in (None, digest):
        raise RunRefusedError(Code.E_NOT_SHOWN, "the approval was given for another judgement")


def _check_networks(challenger: Challenger, judgement: Judgement) -> None:
    sequence = challenger.sequence
    if challenger.sha256 != judgement["networks"].get(sequence):
        raise RunRefusedError(Code.E_NOT_SHOWN, f"{sequence} has another network than the one that was judged")
    if challenger.champion_id != judgement["eligible"][sequence]:
        raise RunRefusedError(Code.E_STALE, f"{sequence} has had another champion since it was judged")


def history(platform: Platform, sequence: MrSequence | None = None) -> list[HistoryEvent]:
    """Return every promotion, refusal and rollback, the latest first."""
    with platform.database.begin() as transaction:
        return models.history(transaction, sequence)


def champions(platform: Platform) -> list[ModelRecord]:
    """Return the present champions."""
    with platform.database.begin() as transaction:
        return models.champions(transaction)

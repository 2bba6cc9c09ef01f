"""Judges the models of a run and promotes them; each change is one transaction and one audit event."""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import NotRequired, TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import audit, judgements, models, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.judgements import Decision
from idh_tasks.db.models import Challenger, HistoryEvent
from idh_tasks.domain.approval import Approval
from idh_tasks.domain.learning import ModelRecord
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.evaluate import comparisons_of
from idh_tasks.pipelines.train.judged import Judged, evidence, judge_network
from idh_tasks.pipelines.train.twin_questions import refuse_taken_back
from idh_tasks.pipelines.train.verdict_text import LEGEND, baselines_of, baselines_text, rules_text
from idh_tasks.store import keys

log = logging.getLogger(__name__)

Champions = dict[str, str | None]
"""The id of the champion by sequence, or None for a sequence without one."""


AUTO = "auto"
"""Stands in place of a user where nobody was asked."""


class Judgement(TypedDict):
    """What a person approves; plain JSON.

    The networks of the run by sequence (their SHA-256), the present champion of each eligible sequence, a paragraph per
    network and one about the baselines, and a digest of all this. A sequence is also eligible if the best champion so
    far is to replace the present one; its id is in `restored`.
    """

    run_id: str
    networks: dict[str, str]
    eligible: Champions
    sentences: list[str]
    digest: str
    restored: NotRequired[dict[str, str]]


def judge_challengers(platform: Platform, run_id: str) -> Judgement:
    """Judge every model of a run; record the verdicts, and end the run if no model is eligible.

    Baselines and the mean over sequences are computed first if no report has been written yet.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` if the answer that two patients with the same image are different ones was taken back.
    """
    compared = comparisons_of(platform, run_id)
    settings = platform.settings.learning
    with platform.database.begin() as transaction:
        refuse_taken_back(transaction, run_id)
        looks = judgements.locked_looks(transaction, run_id)
        may_look = looks.looked or looks.others < settings.locked_looks
        stored = cache(partial(evidence, transaction))
        judged = [
            judge_network(transaction, c, stored, baselines_of(compared), settings, may_look=may_look)
            for c in models.of_run(transaction, run_id)
        ]
        if any(item.on_locked for item in judged):
            judgements.look(transaction, run_id)
        texts = [LEGEND, *(item.text for item in judged), baselines_text(compared), *rules_text(settings, looks)]
        judgement = _judgement(run_id, judged, texts)
        for item in judged:
            judgements.save(transaction, run_id, item.verdict, judgement["digest"])
            if not item.verdict.accepted:
                audit.record(transaction, "gate", "kept", item.challenger.model_id, refusals=item.refusals)
        if not judgement["eligible"]:
            training.set_promoted(transaction, run_id)
    for sentence in judgement["sentences"]:
        log.info("%s", sentence)
    return judgement


def _judgement(run_id: str, judged: Sequence[Judged], sentences: list[str]) -> Judgement:
    networks = {item.challenger.sequence.value: item.challenger.sha256 for item in judged}
    restored = {i.challenger.sequence.value: i.verdict.restores_id for i in judged if i.verdict.restores_id}
    eligible = {
        item.challenger.sequence.value: item.challenger.champion_id
        for item in judged
        if item.verdict.accepted or item.verdict.restores_id
    }
    digest = _digest(run_id, networks, eligible, sentences, restored)
    return Judgement(
        run_id=run_id, networks=networks, eligible=eligible, sentences=sentences, digest=digest, restored=restored
    )


def _digest(
    run_id: str,
    networks: Mapping[str, str],
    eligible: Champions,
    sentences: list[str],
    restored: Mapping[str, str] = MappingProxyType({}),
) -> str:
    content = [run_id, networks, eligible, sentences, dict(restored)]
    return keys.digest(json.dumps(content, sort_keys=True))


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


def promote(platform: Platform, run_id: str, judgement: Judgement, approval: Approval | None = None) -> list[str]:
    """Make the approved models of a run champions, all of them or none; the others stay challengers.

    Parameters
    ----------
    judgement
        As returned by `judge_challengers`.
    approval
        What a person decided, or None if nobody was asked: then every eligible model is promoted.

    Returns
    -------
    list of str
        The sequences that have a new champion.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if a champion was replaced since the judgement, which a person may have approved; ``E_NOT_SHOWN`` if
        the approval was given for another judgement, or if the judgement is about other networks; ``E_LEAKAGE`` as
        `judge_challengers`.
    """
    _check_approval(run_id, judgement, approval)
    promoted = []
    with platform.database.begin() as transaction:
        models.lock_promotion(transaction)
        refuse_taken_back(transaction, run_id)
        for challenger in models.of_run(transaction, run_id):
            sequence = challenger.sequence
            promotes = _restored(judgement).get(sequence, challenger.model_id)
            if sequence not in judgement["eligible"] or challenger.champion_id == promotes:
                continue
            if approval is None or sequence in approval.sequences:
                _check_networks(challenger, judgement)
                _promote(transaction, challenger, promotes, approval)
                promoted.append(sequence.value)
            else:
                _keep(transaction, challenger, approval)
        training.set_promoted(transaction, run_id)
    log.info("promoted: %s", ", ".join(promoted) or "none")
    return promoted


def _promote(transaction: Transaction, challenger: Challenger, promotes: str, approval: Approval | None) -> None:
    """Make a model champion, with an audit event in the name of the person who approved it."""
    actor, comment = (approval.actor, approval.comment) if approval else (AUTO, "")
    run_id, sequence = challenger.run_id, challenger.sequence
    models.promote(transaction, sequence, promotes)
    judgements.decide(transaction, run_id, sequence, Decision.APPROVED, actor, comment)
    detail = {"sequence": sequence.value, "replaces": challenger.champion_id} | _said(comment)
    audit.record(transaction, actor, "promoted", promotes, **detail)


def _restored(judgement: Judgement) -> dict[str, str]:
    return judgement.get("restored", {})


def _keep(transaction: Transaction, challenger: Challenger, approval: Approval) -> None:
    """Record once that a person did not approve a model."""
    actor, comment, sequence = approval.actor, approval.comment, challenger.sequence
    if judgements.decide(transaction, challenger.run_id, sequence, Decision.NOT_APPROVED, actor, comment):
        detail = {"sequence": sequence.value} | _said(comment)
        audit.record(transaction, actor, Decision.NOT_APPROVED.value, challenger.model_id, **detail)


def _said(comment: str) -> dict[str, str]:
    return {"comment": comment} if comment else {}


def _check_approval(run_id: str, judgement: Judgement, approval: Approval | None) -> None:
    content = judgement["networks"], judgement["eligible"], judgement["sentences"], _restored(judgement)
    digest = _digest(run_id, *content)
    if digest != judgement["digest"] or (approval is not None and approval.shown != digest):
        raise RunRefusedError(Code.E_NOT_SHOWN, "the approval was given for another judgement")


def _check_networks(challenger: Challenger, judgement: Judgement) -> None:
    sequence = challenger.sequence
    if challenger.sha256 != judgement["networks"].get(sequence):
        raise RunRefusedError(Code.E_NOT_SHOWN, f"{sequence} has another network than the one that was judged")
    if challenger.withdrawn:
        raise RunRefusedError(Code.E_STALE, f"{sequence}: this network was withdrawn since it was judged")
    if challenger.champion_id != judgement["eligible"][sequence]:
        raise RunRefusedError(Code.E_STALE, f"{sequence} has had another champion since it was judged")


def history(platform: Platform, sequence: MrSequence | None = None) -> list[HistoryEvent]:
    """Return every promotion, refusal, rollback and withdrawal, the latest first."""
    with platform.database.begin() as transaction:
        return models.history(transaction, sequence)


def champions(platform: Platform) -> list[ModelRecord]:
    """Return the present champions."""
    with platform.database.begin() as transaction:
        return models.champions(transaction)

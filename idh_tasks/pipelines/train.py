"""Train: freeze a dataset, cross-validate each sequence, evaluate, promote."""

import logging
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.db import audit, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import FoldResult, Run, SequenceResult
from idh_tasks.domain.learning import Member, ModelRecord
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.cross_validation import FINAL, FoldOutcome, cross_validate
from idh_tasks.learning.folds import restrict, stratified_folds
from idh_tasks.learning.metrics import auc_interval, brier, measure
from idh_tasks.pipelines.evaluate import evaluate
from idh_tasks.pipelines.platform import Platform, code_version, preprocessing_version
from idh_tasks.pipelines.preprocess import read_array
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """Whether a training run is due, and why or why not."""

    run_id: str | None
    reason: str


def _labels(members: Sequence[Member]) -> dict[str, bool]:
    return {member.patient_key: member.mutant for member in members}


def freeze_cohort(platform: Platform, force: bool) -> Due:
    """Freeze the dataset of a run that is due; if none is, record why.

    Parameters
    ----------
    force
        Train on any change (the weekly run, or a person); else only without a champion or when
        enough new cases have come.
    """
    with platform.database.begin() as transaction:
        found = training.eligible_members(transaction, preprocessing_version(platform))
        accepts = platform.settings.learning.accepts
        members = [member for member, provenance in found if accepts(provenance)]
        run = _plan(platform, members)
        refusal = _refusal(platform, transaction, members, run, force)
        if refusal:
            audit.record(transaction, "train", "not trained", run.run_id, reason=refusal)
            return Due(None, refusal)
        training.freeze(transaction, run, members, code_version("learning"))
    return Due(run.run_id, f"{len(_labels(members))} labelled patients")


def _refusal(
    platform: Platform, transaction: Transaction, members: Sequence[Member], run: Run, force: bool
) -> str | None:
    """Return why no run is due, or nothing."""
    settings = platform.settings.learning
    night = transaction.one("select_latest_feed_night")
    if night is not None and night["flag"]:
        return f"{night['flag']}: the laboratory's feed is not what it was; link must be green first"
    try:
        stratified_folds(_labels(members), settings.folds, settings.seed)
    except RunRefusedError as error:
        return str(error)
    known = training.get_run(transaction, run.run_id)
    if known is not None:
        return "nothing has changed since the last training" if known.state == "promoted" else None
    return None if force else _too_early(platform, transaction, members)


def _plan(platform: Platform, members: Sequence[Member]) -> Run:
    settings = platform.settings.learning
    content = sorted((m.sequence, m.patient_key, m.patch_id, m.mutant, m.report_key, m.report_version) for m in members)
    dataset_id = keys.digest(*content)
    run_id = keys.digest(dataset_id, settings.fingerprint(), code_version("learning"))
    return Run(run_id, dataset_id, "frozen", settings.model_dump(mode="json"))


def _too_early(platform: Platform, transaction: Transaction, members: Sequence[Member]) -> str | None:
    latest = transaction.one("select_latest_promoted_run")
    if latest is None:
        return None
    patients = sorted(_labels(members))
    rows = transaction.rows("count_new_cases", patients=patients, dataset_id=latest["dataset_id"])
    new, needed = int(rows[0]["cases"]), platform.settings.learning.retrain_after_new_cases
    return None if new >= needed else f"{new} new cases since the last training, {needed} needed"


def _patches(platform: Platform, members: Sequence[Member]) -> dict[str, NDArray[np.float32]]:
    return {m.patient_key: read_array(platform.store.get_checked(m.object_key, m.sha256)) for m in members}


def train_sequence(platform: Platform, run_id: str, sequence: MrSequence) -> str:
    """Cross-validate one sequence of a run and register its network; done once, however often called.

    Returns
    -------
    str
        ``trained``, ``already trained``, or the code of a refusal, which is recorded.
    """
    with platform.database.begin() as transaction:
        if sequence in training.results(transaction, run_id):
            return "already trained"
        everyone = training.members(transaction, run_id)
    members = [member for member in everyone if member.sequence is sequence]
    labels = _labels(members)
    settings = platform.settings.learning
    started = time.monotonic()
    try:
        folds = restrict(stratified_folds(_labels(everyone), settings.folds, settings.seed), labels)
        outcomes = []
        for outcome in cross_validate(_patches(platform, members), labels, folds, settings):
            log.info("%s: fold %s trained after %.0f s", sequence, outcome.number, time.monotonic() - started)
            outcomes.append(outcome)
    except RunRefusedError as error:
        _refuse(platform, run_id, sequence, labels, error)
        return error.code
    _save(platform, run_id, sequence, outcomes, time.monotonic() - started)
    return "trained"


def _refuse(
    platform: Platform, run_id: str, sequence: MrSequence, labels: dict[str, bool], error: RunRefusedError
) -> None:
    result = SequenceResult(sequence, len(labels), sum(labels.values()), code=error.code, reason=error.reason)
    with platform.database.begin() as transaction:
        training.save_result(transaction, run_id, result)
    log.warning("%s: %s", sequence, error)


def _save(platform: Platform, run_id: str, sequence: MrSequence, outcomes: list[FoldOutcome], seconds: float) -> None:
    scores = [score for outcome in outcomes for score in outcome.scores]
    folds = [FoldResult(o.number, measure(o.scores), o.curve) for o in outcomes if o.number != FINAL]
    result = SequenceResult(
        sequence=sequence,
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        auc=auc_interval(scores, platform.settings.learning.seed),
        brier=brier(scores),
        worker=f"{os.environ.get('IDH_WORKER', 'local')}@{socket.gethostname()}",
        device=outcomes[0].device,
        seconds=seconds,
    )
    content = next(o.model_file for o in outcomes if o.number == FINAL)
    if content is None:
        raise AssertionError("the final fold carries a model file")
    key = keys.model(run_id, sequence)
    model = ModelRecord(keys.digest(run_id, sequence), run_id, sequence, key, platform.store.put(key, content))
    with platform.database.begin() as transaction:
        training.save_result(transaction, run_id, result, folds, scores, model)


def promote(platform: Platform, run_id: str, actor: str = "auto") -> list[str]:
    """Promote each challenger whose out-of-fold AUC is not below the champion's by more than the margin.

    Returns
    -------
    list of str
        The sequences with a new champion.
    """
    margin = platform.settings.learning.promotion_margin
    promoted = []
    with platform.database.begin() as transaction:
        for row in transaction.rows("select_run_models", run_id=run_id):
            better = row["champion_auc"] is None or row["auc"] >= row["champion_auc"] - margin
            detail = {"auc": row["auc"], "champion_auc": row["champion_auc"], "margin": margin}
            audit.record(transaction, actor, "promoted" if better else "kept", row["model_id"], **detail)
            if better and row["state"] != "champion":
                training.promote(transaction, MrSequence(row["sequence"]), row["model_id"])
                promoted.append(row["sequence"])
        transaction.run("update_training_run", run_id=run_id, state="promoted", report_key=None)
    log.info("promoted: %s", ", ".join(promoted) or "none")
    return promoted


def train(platform: Platform, force: bool = True) -> Due:
    """Train everything that is due, without Airflow."""
    due = freeze_cohort(platform, force)
    if due.run_id is not None:
        for sequence in MODEL_SEQUENCES:
            train_sequence(platform, due.run_id, sequence)
        evaluate(platform, due.run_id)
        promote(platform, due.run_id)
    return due

"""Train: freeze a dataset, cross-validate each sequence, register its network."""

import logging
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from idh_tasks.db import audit, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import FoldResult, Run, SequenceResult
from idh_tasks.domain.learning import FINAL, Fold, Interval, Member, ModelRecord
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.cross_validation import FoldOutcome, cross_validate
from idh_tasks.learning.folds import folds_of, mutants_held_out, restrict
from idh_tasks.learning.intervals import auc_interval, delong, null_interval
from idh_tasks.learning.metrics import brier, calibrated_brier, expected_calibration_error, measure
from idh_tasks.pipelines.evaluate import evaluate
from idh_tasks.pipelines.packs import pack, unpack
from idh_tasks.pipelines.platform import Platform, code_version, preprocessing_version
from idh_tasks.pipelines.promotion import challengers, promote
from idh_tasks.pipelines.training_log import TrainingLog
from idh_tasks.settings import LearningSettings
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
        Train on any change, since a person asks for it; else only without a champion, or when enough new cases
        have come or enough members of the last dataset are affected by a change of label, person or study.
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
    packs = pack(platform, run.dataset_id, members)
    with platform.database.begin() as transaction:
        training.freeze(transaction, run, members, packs, code_version("learning"))
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
        labels = _labels(members)
        log.info("mutants held out by fold: %s", mutants_held_out(folds_of(labels, settings), labels))
    except RunRefusedError as error:
        return str(error)
    refusal = _unlocked(transaction, settings) or _shrunk(platform, transaction, members)
    if refusal:
        return refusal
    known = training.get_run(transaction, run.run_id)
    if known is not None:
        return "nothing has changed since the last training" if known.state == "promoted" else None
    return None if force else _too_early(platform, transaction, members)


def _unlocked(transaction: Transaction, settings: LearningSettings) -> str | None:
    shares = [row["share"] for row in transaction.rows("select_locked_shares")]
    if not shares or shares == [settings.locked_share]:
        return None
    return f"E_LOCKED_SET: the locked test set was a share of {shares[0]:g}; it is fixed for good, set it so again"


def _shrunk(platform: Platform, transaction: Transaction, members: Sequence[Member]) -> str | None:
    latest = transaction.one("select_latest_promoted_run")
    if latest is None:
        return None
    before = len(_labels(training.members(transaction, latest["run_id"])))
    now = len(_labels(members))
    if now >= platform.settings.learning.shrunk_share * before:
        return None
    return f"E_DATASET_SHRUNK: {now} labelled patients, {before} the last time; find out where they went"


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
    settings, patients = platform.settings.learning, sorted(_labels(members))
    [since] = transaction.rows("count_changes", patients=patients, dataset_id=latest["dataset_id"])
    new, affected = since["new_cases"], since["affected"]
    if new >= settings.retrain_after_new_cases or affected >= settings.retrain_after_affected:
        return None
    return (
        f"{new} new cases since the last training, {settings.retrain_after_new_cases} needed, "
        f"and {affected} affected ones, {settings.retrain_after_affected} needed"
    )


def train_sequence(platform: Platform, run_id: str, sequence: MrSequence, holder: str = "desk") -> str:
    """Cross-validate one sequence of a run and register its network; done once, however often called.

    Parameters
    ----------
    holder
        Who trains; a second one is turned away while the first is at work.

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
    trained = TrainingLog(platform.settings, run_id, sequence, holder)
    trained.take(platform)
    started = time.monotonic()
    try:
        patches, labels = unpack(platform, run_id, sequence, members), _labels(members)
        work = Work(patches, labels, restrict(folds_of(_labels(everyone), platform.settings.learning), labels))
        outcomes = cross_validate(work.patches, work.labels, work.folds, platform.settings.learning, trained)
        canary = _canary(work, platform.settings.learning)
    except RunRefusedError as error:
        _refuse(platform, run_id, sequence, _labels(members), error)
        trained.close(platform, _numbers(platform))
        return error.code
    _save(platform, run_id, sequence, outcomes, canary, time.monotonic() - started)
    trained.close(platform, _numbers(platform))
    return "trained"


def _numbers(platform: Platform) -> range:
    return range(FINAL, platform.settings.learning.folds)


@dataclass(frozen=True)
class Work:
    """What one sequence learns from."""

    patches: Mapping[str, NDArray[np.float32]]
    labels: Mapping[str, bool]
    folds: Sequence[Fold]


def _canary(work: Work, settings: LearningSettings) -> Interval | None:
    """Return the AUC of a short cross-validation on shuffled labels, with the interval of pure chance.

    Chance alone passes its own bounds once in forty times, so what does is shuffled once more: a leak shows again.
    """
    if not settings.canary_epochs:
        return None
    first = _shuffled_auc(work, settings, settings.seed)
    if first is None or first.value <= first.high:
        return first
    return _shuffled_auc(work, settings, settings.seed + 1)


def _shuffled_auc(work: Work, settings: LearningSettings, seed: int) -> Interval | None:
    order = np.random.default_rng(seed).permutation(list(work.labels.values()))
    shuffled = dict(zip(work.labels, map(bool, order), strict=True))
    short = settings.model_copy(update={"epochs": settings.canary_epochs})
    folds = [fold for fold in work.folds if len({shuffled[p] for p in fold.train}) == 2]
    outcomes = cross_validate(work.patches, shuffled, folds, short, final=False)
    scores = [score for outcome in outcomes for score in outcome.scores]
    mutants = sum(score.mutant for score in scores)
    if not 0 < mutants < len(scores):
        return None
    null = null_interval(mutants, len(scores) - mutants, seed)
    return Interval(measure(scores).auc, null.low, null.high)


def _refuse(
    platform: Platform, run_id: str, sequence: MrSequence, labels: dict[str, bool], error: RunRefusedError
) -> None:
    result = SequenceResult(sequence, len(labels), sum(labels.values()), code=error.code, reason=error.reason)
    with platform.database.begin() as transaction:
        training.save_result(transaction, run_id, result)
    log.warning("%s: %s", sequence, error)


def _save(
    platform: Platform,
    run_id: str,
    sequence: MrSequence,
    outcomes: list[FoldOutcome],
    canary: Interval | None,
    seconds: float,
) -> None:
    held_out = [outcome for outcome in outcomes if outcome.number != FINAL]
    scores = [score for outcome in held_out for score in outcome.scores]
    folds = [FoldResult(o.number, measure(o.scores), o.curve) for o in held_out]
    result = SequenceResult(
        sequence=sequence,
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        auc=auc_interval(scores, platform.settings.learning.seed),
        delong=delong(scores),
        canary=canary,
        brier=brier(scores),
        ece=expected_calibration_error(scores),
        calibrated_brier=calibrated_brier(scores),
        worker=f"{os.environ.get('IDH_WORKER', 'local')}@{socket.gethostname()}",
        device=outcomes[0].device,
        seconds=seconds,
    )
    final = next(o for o in outcomes if o.number == FINAL)
    if final.model_file is None:
        raise AssertionError("the final fold carries a model file")
    key = keys.model(run_id, sequence)
    model = ModelRecord(keys.digest(run_id, sequence), run_id, sequence, key, platform.store.put(key, final.model_file))
    environment = {name: version(name) for name in ("tensorflow-cpu", "tensorflow", "keras", "numpy") if _has(name)}
    with platform.database.begin() as transaction:
        registered = (model, final.temperature, environment | {"code": code_version("learning")})
        training.save_result(transaction, run_id, result, folds, scores, registered, final.scores)


def _has(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def train(platform: Platform, force: bool = True) -> Due:
    """Train everything that is due, without Airflow."""
    due = freeze_cohort(platform, force)
    if due.run_id is not None:
        for sequence in MODEL_SEQUENCES:
            train_sequence(platform, due.run_id, sequence)
        evaluate(platform, due.run_id)
        seen, _ = challengers(platform, due.run_id)
        promote(platform, due.run_id, seen)
    return due

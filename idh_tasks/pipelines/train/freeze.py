"""Freeze the labelled cohort as the dataset of a training run, if one is due."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.db import audit, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import Run
from idh_tasks.domain.learning import Member, labels_of
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import folds_of, mutants_held_out
from idh_tasks.pipelines.platform import Platform, code_version, preprocessing_version
from idh_tasks.pipelines.train.dataset_arrays import pack
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """Whether a training run is due, and why or why not."""

    run_id: str | None
    reason: str


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
    return Due(run.run_id, f"{len(labels_of(members))} labelled patients")


def _refusal(
    platform: Platform, transaction: Transaction, members: Sequence[Member], run: Run, force: bool
) -> str | None:
    """Return why no run is due, or nothing."""
    settings = platform.settings.learning
    night = transaction.one("feed/select_latest_feed_night")
    if night is not None and night["flag"]:
        return f"{night['flag']}: the laboratory's feed is not what it was; link must be green first"
    try:
        labels = labels_of(members)
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
    shares = [row["share"] for row in transaction.rows("datasets/select_locked_shares")]
    if not shares or shares == [settings.locked_share]:
        return None
    return f"E_LOCKED_SET: the locked test set was a share of {shares[0]:g}; it is fixed for good, set it so again"


def _shrunk(platform: Platform, transaction: Transaction, members: Sequence[Member]) -> str | None:
    latest = transaction.one("training/select_latest_promoted_run")
    if latest is None:
        return None
    before = len(labels_of(training.members(transaction, latest["run_id"])))
    now = len(labels_of(members))
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
    latest = transaction.one("training/select_latest_promoted_run")
    if latest is None:
        return None
    settings, patients = platform.settings.learning, sorted(labels_of(members))
    [since] = transaction.rows("datasets/count_changes", patients=patients, dataset_id=latest["dataset_id"])
    new, affected = since["new_cases"], since["affected"]
    if new >= settings.retrain_after_new_cases or affected >= settings.retrain_after_affected:
        return None
    return (
        f"{new} new cases since the last training, {settings.retrain_after_new_cases} needed, "
        f"and {affected} affected ones, {settings.retrain_after_affected} needed"
    )

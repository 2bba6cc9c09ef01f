"""Freezes the labelled cohort as the dataset of a training run, if one is due."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from idh_tasks.db import audit, datasets, frozen_cohorts, training
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import Run, RunState
from idh_tasks.domain.learning import Member, labels_of
from idh_tasks.domain.same_image import ToldApart
from idh_tasks.learning.folds import mutants_held_out
from idh_tasks.pipelines.platform import Platform, code_version, preprocessing_version
from idh_tasks.pipelines.train.cost import expected_cost
from idh_tasks.pipelines.train.due import Cohort, reason_not_to_train, reason_to_wait
from idh_tasks.pipelines.train.packing import pack
from idh_tasks.pipelines.train.partitions import partition_of
from idh_tasks.pipelines.train.twin_questions import told_apart
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """The id of the training run that is due, or None, with the reason."""

    run_id: str | None
    reason: str


def freeze_cohort(platform: Platform, force: bool, sequences: Collection[str] = ()) -> Due:
    """Freeze the dataset of a run that is due; if none is due, record the reason.

    Parameters
    ----------
    force
        Whether any change is enough, because a person asks for a training. Otherwise a run is due if there is no
        champion yet, if enough cases are new, or if enough members of the last dataset are affected by a change of
        label, person or study.
    sequences
        Those that a person asks for: a run that lacks one is not finished.
    """
    settings = platform.settings.learning
    with platform.database.begin() as transaction:
        waiting = None if force else reason_to_wait(transaction, settings, preprocessing_version(platform))
        if waiting is not None:
            audit.record(transaction, "train", "not trained", "cohort", reason=waiting)
            return Due(None, waiting)
        members = _eligible_members(platform, transaction)
        run = _plan(platform, members, told_apart(transaction, members).values())
        cohort = Cohort(members, preprocessing_version(platform))
        reason = reason_not_to_train(transaction, settings, cohort, run, force, sequences)
        if reason is not None:
            audit.record(transaction, "train", "not trained", run.run_id, reason=str(reason))
            return Due(None, str(reason))
    pack(platform, members)
    with platform.database.begin() as transaction:
        datasets.save(transaction, run.dataset_id, run.settings, members)
        frozen_cohorts.keep(transaction, run.dataset_id, preprocessing_version(platform))
        training.save_run(transaction, run, code_version("learning"))
        folds = partition_of(transaction, run, members).folds
        cost = expected_cost(transaction, settings, Counter(member.sequence for member in members))
        left_out = datasets.count_to_prepare_again(transaction, preprocessing_version(platform))
    labels = labels_of(members)
    log.info("%s", cost)
    log.info("mutants held out per fold: %s", ", ".join(map(str, mutants_held_out(folds, labels))))
    return Due(run.run_id, f"{len(labels)} labelled patients; {cost}{_left_out(left_out)}")


def _left_out(studies: int) -> str:
    if not studies:
        return ""
    counted = "1 labelled study" if studies == 1 else f"{studies} labelled studies"
    return f"; left out until they are prepared again with the present settings: {counted}"


def _eligible_members(platform: Platform, transaction: Transaction) -> list[Member]:
    accepts = platform.settings.learning.accepts
    eligible = datasets.eligible_members(transaction, preprocessing_version(platform))
    return [member for member, provenance in eligible if accepts(provenance)]


def _plan(platform: Platform, members: Sequence[Member], apart: Iterable[ToldApart]) -> Run:
    """Return the run on these members; its ids follow from dataset, settings, code and the patients told apart."""
    settings = platform.settings.learning
    content = sorted((m.sequence, m.patient_key, m.patch_id, m.mutant, m.report_key, m.report_version) for m in members)
    dataset_id = keys.digest(*content)
    answers = sorted(answer.token for answer in apart)
    run_id = keys.digest(dataset_id, settings.fingerprint(), code_version("learning"), *answers)
    return Run(run_id, dataset_id, RunState.FROZEN, settings.model_dump(mode="json"))

"""Decides whether a training run is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import cohort, datasets, feed, frozen_cohorts, results, training, twins
from idh_tasks.db.datasets import Changes
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import PromotedRun, Run, RunState
from idh_tasks.domain.learning import Member, Refusal, labels_of
from idh_tasks.domain.sequence import Provenance
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.train.partitions import plan
from idh_tasks.settings import LearningSettings

ALREADY_TRAINED = "nothing has changed since the last training"


@dataclass(frozen=True)
class Cohort:
    """The members of the dataset that a run would be trained on, and the version that their patches must have."""

    members: Sequence[Member]
    settings_hash: str


def reason_not_to_train(
    transaction: Transaction,
    settings: LearningSettings,
    cohort: Cohort,
    run: Run,
    force: bool,
    sequences: Collection[str] = (),
) -> Refusal | str | None:
    """Return why this run must not start (a refusal), or need not start yet (in words); None if it is due.

    Parameters
    ----------
    force, sequences
        See `freeze_cohort`.
    """
    latest = training.latest_promoted_run(transaction)
    refusal = _suspicious_feed(transaction) or _changed_locked_share(transaction, settings)
    if refusal:
        return refusal
    if not force and (waits := _to_wait_for(transaction, cohort)):
        return waits
    members = cohort.members
    too_few = _impossible_folds(transaction, settings, members)
    too_few = too_few or _shrunk_cohort(transaction, settings, members, latest)
    if too_few:
        return _outdated(transaction, cohort) or too_few
    known = training.get_run(transaction, run.run_id)
    if known is not None:
        finished = known.state is RunState.PROMOTED and set(sequences) <= set(results.of_run(transaction, run.run_id))
        return _same_image(transaction, run) or ALREADY_TRAINED if finished else None
    return None if force else _too_few_changes(transaction, settings, members, latest)


def _same_image(transaction: Transaction, run: Run) -> Refusal | None:
    """Refuse what a person has to settle first: with another answer, the run would be another one."""
    standing = twins.standing(transaction, run.run_id)
    if not (standing.reported or standing.taken_back):
        return None
    return Refusal(
        Code.E_LEAKAGE, "the last training found patients with the same image, and nothing has changed since"
    )


def _suspicious_feed(transaction: Transaction) -> Refusal | None:
    flag = feed.latest_flag(transaction)
    if flag is None:
        return None
    return Refusal(flag, "the last reading of the laboratory's feed was suspicious; link_pathology must succeed first")


def _to_wait_for(transaction: Transaction, cohort: Cohort) -> str | None:
    """Return that a scheduled training waits for studies that are to be made again, if there are any.

    Until a champion was trained on the new version, its inputs stay valid; one that is trained on the few studies that
    were made again first would replace it for no reason.
    """
    waited_for = datasets.count_to_wait_for(transaction, cohort.settings_hash)
    if not waited_for:
        return None
    return (
        f"{_labelled(waited_for)} to be made again with the present code and settings of the images: see the page "
        f"Plan; patients with present patches: {len(labels_of(cohort.members))}. Until then the champions stay, and "
        "a training that is triggered by hand leaves these studies out"
    )


def _labelled(studies: int) -> str:
    return "1 labelled study is" if studies == 1 else f"{studies} labelled studies are"


def _outdated(transaction: Transaction, cohort: Cohort) -> str | None:
    """Return that studies must be prepared again first, if this is why there are too few."""
    outdated = datasets.count_to_prepare_again(transaction, cohort.settings_hash)
    if not outdated:
        return None
    present = len(labels_of(cohort.members))
    return (
        f"{_labelled(outdated)} to be prepared again, because code, settings, images or outlines have changed; "
        f"patients with present patches: {present}. The page Plan shows them, and has them made again"
    )


def _impossible_folds(
    transaction: Transaction, settings: LearningSettings, members: Sequence[Member]
) -> Refusal | None:
    try:
        plan(transaction, members, settings)
    except RunRefusedError as error:
        return Refusal(error.code, error.reason)
    return None


def _changed_locked_share(transaction: Transaction, settings: LearningSettings) -> Refusal | None:
    """Refuse another share of the locked test set: its patients must never have been trained on."""
    shares = datasets.locked_shares(transaction)
    if not shares or shares == [settings.locked_share]:
        return None
    reason = f"the locked test set was a share of {shares[0]:g}, which must never change; set it back to this value"
    return Refusal(Code.E_LOCKED_SET, reason)


def _shrunk_cohort(
    transaction: Transaction, settings: LearningSettings, members: Sequence[Member], latest: PromotedRun | None
) -> Refusal | None:
    if latest is None:
        return None
    before = len(labels_of(datasets.members(transaction, latest.run_id)))
    now = len(labels_of(members))
    if now >= settings.shrunk_share * before:
        return None
    reason = f"{now} labelled patients, {before} in the last training; find out where they went"
    return Refusal(Code.E_DATASET_SHRUNK, reason)


def _too_few_changes(
    transaction: Transaction, settings: LearningSettings, members: Sequence[Member], latest: PromotedRun | None
) -> str | None:
    if latest is None:
        return None
    return _in_words(settings, datasets.changes_since(transaction, latest.dataset_id, sorted(labels_of(members))))


def _in_words(settings: LearningSettings, changes: Changes) -> str | None:
    enough_new = changes.new_cases >= settings.retrain_after_new_cases
    if enough_new or changes.affected >= settings.retrain_after_affected:
        return None
    return (
        f"since the last training: new cases {changes.new_cases} of {settings.retrain_after_new_cases} needed, "
        f"affected cases {changes.affected} of {settings.retrain_after_affected} needed"
    )


def reason_to_wait(transaction: Transaction, settings: LearningSettings, settings_hash: str) -> str | None:
    """Return that too few cases have changed since the last training, if the kept counts alone show it.

    They do not if anything else might be said: nothing has changed, the cohort has lost somebody of either label, a run
    is unfinished, settings or code of the patches are others, or the feed is suspicious. Then the members are read.
    """
    latest = training.latest_promoted_run(transaction)
    if latest is None or _suspicious_feed(transaction) or training.has_unfinished_run(transaction):
        return None
    known = training.get_run(transaction, latest.run_id)
    if known is None or known.settings != settings.model_dump(mode="json"):
        return None
    cohort.keep_places(transaction, settings_hash)
    if not _none_lost(transaction, latest, settings_hash):
        return None
    accepted = [provenance for provenance in Provenance if settings.accepts(provenance)]
    changes = datasets.kept_changes_since(transaction, latest.dataset_id, settings_hash, accepted)
    return _in_words(settings, changes) if changes.new_cases or changes.affected else None


def _none_lost(transaction: Transaction, latest: PromotedRun, settings_hash: str) -> bool:
    """Return whether as many patients of each label have patches as when the last dataset was frozen."""
    frozen = frozen_cohorts.of_run(transaction, latest.run_id)
    if frozen is None or frozen.cohort is None or frozen.preprocessing_version != settings_hash:
        return False
    now = {group.idh_status: group.patients for group in cohort.kept_demographics(transaction)}
    return all(now.get(group.idh_status, 0) >= group.patients for group in frozen.cohort.demographics)

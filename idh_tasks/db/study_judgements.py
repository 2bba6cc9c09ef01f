"""What reviewers say about a study: that its images are not fit for use, or that they disagree with a prediction."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.review import ImageFault
from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class Exclusion:
    """A study was excluded; while `ended_at` is None, it still is."""

    fault: ImageFault
    reason: str
    excluded_by: str
    excluded_at: datetime
    ended_reason: str | None
    ended_by: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Disagreement:
    """A reader disagrees with the prediction of a model for a patch."""

    sequence: MrSequence
    patch_id: str
    model_id: str
    comment: str
    reader: str
    stated_at: datetime


def exclude(transaction: Transaction, study_id: str, fault: ImageFault, reason: str, operator: str) -> bool:
    """Exclude a study; return False if there is none, or it is excluded already."""
    values = {"study_id": study_id, "fault": fault, "reason": reason, "operator": operator}
    return transaction.column(bool, "study_judgements/exclude_study", **values) == [True]


def take_in(transaction: Transaction, study_id: str, reason: str, operator: str) -> bool:
    """End the exclusion of a study; return False if it is not excluded."""
    values = {"study_id": study_id, "reason": reason, "operator": operator}
    return transaction.column(bool, "study_judgements/take_in_study", **values) == [True]


def disagree(transaction: Transaction, study_id: str, patch_id: str, model_id: str, comment: str, reader: str) -> bool:
    """Record that a reader disagrees with a prediction; return False if there is no such prediction."""
    values = {"study_id": study_id, "patch_id": patch_id, "model_id": model_id, "comment": comment, "reader": reader}
    return transaction.column(bool, "study_judgements/disagree", **values) == [True]


def exclusions(transaction: Transaction, study_id: str) -> list[Exclusion]:
    """Return the exclusions of a study, the latest first."""
    return transaction.all(Exclusion, "study_judgements/select_exclusions", study_id=study_id)


def disagreements(transaction: Transaction, study_id: str) -> list[Disagreement]:
    """Return who disagreed with predictions of a study, the latest first."""
    return transaction.all(Disagreement, "study_judgements/select_disagreements", study_id=study_id)

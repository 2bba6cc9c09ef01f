"""What reviewers decide about a study outside the questions: it is excluded, taken in again, or predicted wrongly."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import outlines, study_judgements
from idh_tasks.db.outlines import Submission
from idh_tasks.db.study_judgements import Disagreement, Exclusion
from idh_tasks.domain.review import ImageFault
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Judgements:
    """What reviewers said about one study, the latest first."""

    exclusions: list[Exclusion]
    disagreements: list[Disagreement]
    submissions: list[Submission]

    @property
    def exclusion(self) -> Exclusion | None:
        """Return the exclusion in force."""
        return next((one for one in self.exclusions if one.ended_at is None), None)

    @property
    def submitted(self) -> Submission | None:
        """Return the outline that was submitted last and not withdrawn."""
        return next((one for one in self.submissions if one.withdrawn_at is None), None)

    @property
    def waiting(self) -> Submission | None:
        """Return that outline if no reviewer has answered for it yet."""
        return self.submitted if self.submitted and self.submitted.answer is None else None


def judgements(platform: Platform, study_id: str) -> Judgements:
    """Return what reviewers said about a study."""
    with platform.database.begin() as transaction:
        return Judgements(
            study_judgements.exclusions(transaction, study_id),
            study_judgements.disagreements(transaction, study_id),
            outlines.submissions(transaction, study_id),
        )


def exclude(platform: Platform, study_id: str, fault: ImageFault, reason: str, operator: str) -> None:
    """Exclude a study for a fault of its images: with the next link run, it leaves the cohort and is not predicted.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if there is no such study, or it is excluded already.
    """
    with platform.database.begin() as transaction:
        if not study_judgements.exclude(transaction, study_id, fault, reason, operator):
            raise RunRefusedError(Code.E_REVIEW, "there is no such study, or it is excluded already")


def take_in(platform: Platform, study_id: str, reason: str, operator: str) -> None:
    """End the exclusion of a study.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if it is not excluded.
    """
    with platform.database.begin() as transaction:
        if not study_judgements.take_in(transaction, study_id, reason, operator):
            raise RunRefusedError(Code.E_REVIEW, "the study is not excluded")


def disagree(platform: Platform, study_id: str, patch_id: str, model_id: str, comment: str, reader: str) -> None:
    """Record that a reader disagrees with a prediction, which stays as it is.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if there is no such prediction.
    """
    with platform.database.begin() as transaction:
        if not study_judgements.disagree(transaction, study_id, patch_id, model_id, comment, reader):
            raise RunRefusedError(Code.E_REVIEW, "there is no such prediction")

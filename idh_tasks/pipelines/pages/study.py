"""One study: its way from the delivery to the prediction."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db import patches
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Overview:
    """The study itself; its date is shifted like all dates of its patient.

    `outline` is the kind of outline that the newest patch was cut with, or None if there is no patch.
    """

    study_id: StudyId
    patient_key: str
    revision: int
    study_date: date
    age_years: float | None
    manufacturer: str
    ingested_at: datetime
    outline: str | None


@dataclass(frozen=True)
class Series:
    """A series, with what its name was concluded from."""

    series_id: str
    sequence: MrSequence
    confidence: Confidence
    evidence: str
    instances: int
    code: Code | None
    reason: str | None
    contrast: Contrast


@dataclass(frozen=True)
class Link:
    """A report of the patient, and the rule that accepted or refused it."""

    report_key: str
    report_version: int
    days_before_surgery: int | None
    chosen: bool
    code: str
    linked_at: datetime
    idh_status: str | None
    rule: str | None
    corrected: bool


@dataclass(frozen=True)
class Patch:
    """The newest patch of a sequence, or why there is none."""

    sequence: MrSequence
    patch_id: str
    code: Code | None
    reason: str | None
    created_at: datetime
    quality: dict[str, Any] | None


@dataclass(frozen=True)
class Prediction:
    """A prediction, with the held-out AUC of the model that made it."""

    sequence: MrSequence
    calibrated: float
    in_training: bool
    model_id: str
    state: str
    created_at: datetime
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    n: int | None
    mutants: int | None


@dataclass(frozen=True)
class Document:
    """A structured report that was written for the study."""

    document_id: str
    supersedes: str | None
    created_at: datetime


@dataclass(frozen=True)
class Question:
    """A question about the study or its patient."""

    review_id: str
    kind: str
    moot: bool
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True)
class Held:
    """Something of the study that is held or was noted."""

    subject: str
    code: Code
    scope: str
    reason: str
    created_at: datetime
    readmitted_at: datetime | None


@dataclass(frozen=True)
class Study:
    """Everything that the page of a study shows."""

    overview: Overview
    series: list[Series]
    held: list[Held]
    links: list[Link]
    questions: list[Question]
    patches: list[Patch]
    predictions: list[Prediction]
    documents: list[Document]
    sheet: bool


def study(platform: Platform, study_id: str) -> Study | None:
    """Read one study in one consistent view of the database, or return None if there is none."""
    with platform.database.begin() as transaction:
        overview = transaction.first(Overview, "pages/select_one_study", study_id=study_id)
        return _whole(transaction, overview) if overview else None


def _whole(transaction: Transaction, overview: Overview) -> Study:
    key = {"study_id": overview.study_id}
    return Study(
        overview=overview,
        series=transaction.all(Series, "pages/select_study_series", **key),
        held=transaction.all(Held, "pages/select_study_held", **key),
        links=transaction.all(Link, "pages/select_study_links", **key),
        questions=transaction.all(Question, "pages/select_study_reviews", **key),
        patches=transaction.all(Patch, "pages/select_study_patches", **key),
        predictions=transaction.all(Prediction, "pages/select_study_predictions", **key),
        documents=transaction.all(Document, "pages/select_study_documents", **key),
        sheet=bool(patches.newest_sheets(transaction, overview.study_id)),
    )

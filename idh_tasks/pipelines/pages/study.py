"""One study: its way from the delivery to the prediction."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db import models, patches
from idh_tasks.db.engine import Transaction
from idh_tasks.db.models import Withdrawal
from idh_tasks.db.outlines import Submission
from idh_tasks.domain.review import ReviewKind
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence, Provenance
from idh_tasks.domain.slices import SliceLayout, slice_place
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.figures import FigureRow, figure_rows
from idh_tasks.pipelines.platform import Platform, preprocessing_version


@dataclass(frozen=True)
class Overview:
    """The study itself; its date is shifted like all dates of its patient."""

    study_id: StudyId
    patient_key: str
    revision: int
    study_date: date
    age_years: float | None
    manufacturer: str
    ingested_at: datetime
    made_by: str | None
    instances: int


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
    voxel_mm3: float
    coverage_mm: float


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
    made_by: str | None
    rule: str | None
    corrected: bool
    report_status: str
    received_at: datetime


@dataclass(frozen=True)
class Patch:
    """The patch of a sequence, or why there is none.

    `quality` and `settings` are empty where there is none; `present` is false if the code or the settings have changed
    since, so that it will be cut again. `outline` is the kind of outline with which it was cut, also if it waits again.
    """

    sequence: MrSequence
    patch_id: str
    code: Code | None
    reason: str | None
    created_at: datetime
    made_by: str | None
    provenance: Provenance | None
    slice_index: int | None
    quality: dict[str, Any]
    settings: dict[str, Any]
    reference: str | None
    outline: str | None
    outline_sha256: str | None
    present: bool

    @property
    def flags(self) -> list[Code]:
        """Return what was noted about the patch."""
        return [Code(flag) for flag in self.quality.get("flags", ())]


@dataclass(frozen=True)
class View:
    """The pictures of the study's slices by sequence, and `outline`; `layout` says where the slices are in each."""

    layout: SliceLayout
    object_keys: dict[str, str]
    created_at: datetime
    made_by: str | None
    present: bool


@dataclass(frozen=True)
class Prediction:
    """A prediction, with the held-out AUC of the model that made it.

    `present` is true if the model is a champion and the patch that of the present code and settings.
    """

    sequence: MrSequence
    calibrated: float
    in_training: bool
    patch_id: str
    model_id: str
    run_id: str
    state: str
    created_at: datetime
    made_by: str | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    n: int | None
    mutants: int | None
    present: bool


@dataclass(frozen=True)
class Document:
    """A structured report that was written for the study, and the outline that it was made with, if it is known."""

    document_id: str
    supersedes: str | None
    created_at: datetime
    made_by: str | None
    of_earlier_revision: bool
    outline_sha256: str | None


@dataclass(frozen=True)
class Question:
    """A question about the study or its patient; `uploaded` means that a person submitted the outline in question."""

    review_id: str
    kind: str
    moot: bool
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    opened_at: datetime
    evidence: str
    uploaded: bool

    @property
    def is_open(self) -> bool:
        """Return whether it waits for an answer."""
        return not self.moot and self.answer is None


@dataclass(frozen=True)
class Held:
    """Something of the study that is held or was noted."""

    subject: str
    code: Code
    scope: str
    reason: str
    created_at: datetime
    readmitted_at: datetime | None
    made_by: str | None
    can_return: bool


@dataclass(frozen=True)
class Study:
    """Everything that the page of a study shows; `withdrawals` are the sequences that are not predicted any more."""

    overview: Overview
    series: list[Series]
    held: list[Held]
    links: list[Link]
    questions: list[Question]
    patches: list[Patch]
    predictions: list[Prediction]
    documents: list[Document]
    withdrawals: list[Withdrawal]
    sheet: bool
    view: View | None

    @property
    def after_surgery(self) -> bool:
        """Return whether every report says that the study was acquired after surgery: no patch is cut then."""
        return bool(self.links) and all(link.code == Code.W_POSTOP for link in self.links)

    @property
    def is_left_as_it_is(self) -> bool:
        """Return whether no run will ever prepare it: it has no patch, and was acquired after surgery."""
        return self.after_surgery and not self.patches

    def place(self, patch: Patch) -> str:
        """Return how the slice of a patch is called, with its position if the pictures have the same grid."""
        if patch.slice_index is None:
            return ""
        layout = self.view.layout if self.view and self.view.present == patch.present else None
        if layout is None or layout.grid is None:
            return slice_place(patch.slice_index, None, None)
        return slice_place(patch.slice_index, layout.grid.slices, layout.z_mm(patch.slice_index))

    def waiting_outline(self, uploaded: Submission | None) -> str | None:
        """Return the hash of the outline that waits to be accepted: the one uploaded last, or the one in question."""
        if uploaded:
            return uploaded.sha256
        open_ones = (one for one in self.questions if one.kind == ReviewKind.AUTOMATIC_ROI and one.is_open)
        return next((one.evidence for one in open_ones), None)

    @property
    def cut_with(self) -> str | None:
        """Return the hash of the outline with which the patches of the present images were cut, also if it waits."""
        return next((patch.outline_sha256 for patch in self.patches if patch.outline_sha256), None)

    @property
    def sheet_is_present(self) -> bool:
        """Return whether the quality sheet is of the present patches, with the outline that is in use."""
        return any(patch.present and patch.code is None for patch in self.patches)

    @property
    def figures(self) -> list[FigureRow]:
        """Return the figures of the patches beside their limits."""
        return figure_rows(self.patches)


def study(platform: Platform, study_id: str) -> Study | None:
    """Read one study in one consistent view of the database, or return None if there is none."""
    with platform.database.begin() as transaction:
        overview = transaction.first(Overview, "pages/select_one_study", study_id=study_id)
        return _whole(transaction, overview, preprocessing_version(platform)) if overview else None


def newest_view(transaction: Transaction, study_id: str, version: str) -> View | None:
    """Return the newest pictures of a study, those of this version of code and settings first."""
    return transaction.first(View, "pages/select_study_view", study_id=study_id, settings_hash=version)


def _whole(transaction: Transaction, overview: Overview, version: str) -> Study:
    key = {"study_id": overview.study_id}
    versioned = key | {"settings_hash": version}
    return Study(
        overview=overview,
        series=transaction.all(Series, "pages/select_study_series", **key),
        held=transaction.all(Held, "pages/select_study_held", **key),
        links=transaction.all(Link, "pages/select_study_links", **key),
        questions=transaction.all(Question, "pages/select_study_reviews", **key),
        patches=transaction.all(Patch, "pages/select_study_patches", **versioned),
        predictions=transaction.all(Prediction, "pages/select_study_predictions", **versioned),
        documents=transaction.all(Document, "pages/select_study_documents", **key),
        withdrawals=models.withdrawals(transaction),
        sheet=patches.newest_sheet(transaction, overview.study_id) is not None,
        view=newest_view(transaction, overview.study_id, version),
    )

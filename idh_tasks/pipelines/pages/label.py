"""The history of a study's label: the reports of its patient, and the trainings that used one."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class ReportVersion:
    """A version of a report, with the rules that read it and that linked it to the study.

    `code` is that of the link and None if there is none; `chosen` says that this version gives the label now.
    """

    report_key: str
    version: int
    received_at: datetime
    report_status: str
    idh_status: str
    rule: str
    glioblastoma: bool | None
    corrected: bool
    code: str | None
    chosen: bool


@dataclass(frozen=True)
class LabelUse:
    """A training that used the study, with the label that it used and where that came from."""

    run_id: str
    created_at: datetime
    mutant: bool
    report_key: str
    report_version: int
    sequences: list[MrSequence]


@dataclass(frozen=True)
class LabelHistory:
    """What was known of a label, the latest first, and what was trained on it."""

    study_id: StudyId
    versions: list[ReportVersion]
    uses: list[LabelUse]


def label_history(platform: Platform, study_id: str) -> LabelHistory:
    """Return the history of the label of a study; it is empty for an unknown study."""
    with platform.database.begin() as transaction:
        return LabelHistory(
            StudyId(study_id),
            transaction.all(ReportVersion, "pages/select_label_history", study_id=study_id),
            transaction.all(LabelUse, "pages/select_label_use", study_id=study_id),
        )

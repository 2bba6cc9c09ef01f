"""The quality sheets of preprocessed studies."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Sheet:
    """Where the quality sheet of a study lies, and when it was drawn."""

    study_id: str
    object_key: str
    created_at: datetime


def sheets(platform: Platform, study_id: str | None = None) -> list[Sheet]:
    """Return the newest quality sheet of each study, or of one."""
    with platform.database.begin() as transaction:
        return [Sheet(**row) for row in transaction.rows("patches/select_qc_sheets", study_id=study_id)]

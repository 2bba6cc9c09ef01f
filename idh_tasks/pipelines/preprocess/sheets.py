"""Lists the quality sheets of preprocessed studies."""

from idh_tasks.db import patches
from idh_tasks.db.patches import QcSheet
from idh_tasks.pipelines.platform import Platform


def newest_sheets(platform: Platform, study_id: str | None = None) -> list[QcSheet]:
    """Return the newest quality sheet of each study, or of one study, the latest first."""
    with platform.database.begin() as transaction:
        return patches.newest_sheets(transaction, study_id)

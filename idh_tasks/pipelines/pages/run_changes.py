"""What has changed since a training run about the patients of its dataset, which keeps what it was made of."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class ChangedPatient:
    """A study of a patient whose label, person, study or outline has changed, and how many such patients there are."""

    study_id: StudyId
    code: Code
    patients: int


def run_changes(platform: Platform, run_id: str) -> list[ChangedPatient]:
    """Return the patients of the dataset of a run who have changed since, at most 50 of them.

    The time that this takes follows from the size of the dataset, which is fixed, and not from what came later.
    """
    with platform.database.begin() as transaction:
        return transaction.all(ChangedPatient, "pages/select_run_changes", run_id=run_id, most=SIZE)

"""The cohort as it stands: its flow, and what used a report."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import cohort
from idh_tasks.domain.cohort import Demographics, Outcome, Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.cohort_flow import cohort_flow
from idh_tasks.pipelines.platform import Platform, preprocessing_version


@dataclass(frozen=True)
class Flow:
    """The steps of the cohort, patients and mutants of each sequence, age and sex by status."""

    steps: list[Step]
    sequences: dict[MrSequence, tuple[int, int]]
    demographics: list[Demographics]


@dataclass(frozen=True)
class Affected:
    """A member of a dataset that used a report, with the model trained on it; `code` says what has changed since."""

    report_key: str
    report_version: int
    dataset_id: str
    run_id: str | None
    sequence: str
    mutant: bool
    code: str | None
    model_id: str | None
    state: str | None
    predictions: int


def flow(platform: Platform) -> Flow:
    """Count who is in the cohort and who is not, and why."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        outcomes = [Outcome(*row) for row in cohort.outcomes(transaction, version)]
        people = [Demographics(**row) for row in cohort.demographics(transaction, version)]
        return Flow(cohort_flow(outcomes), cohort.by_sequence(transaction, version), people)


def affected(platform: Platform, report: str) -> list[Affected]:
    """Return what used a report, and whether its label has changed since.

    Parameters
    ----------
    report
        The laboratory's id, or our key.

    Raises
    ------
    RunRefusedError
        ``E_NO_REPORT`` if no report has this id.
    """
    with platform.database.begin() as transaction:
        keys = cohort.report_keys(transaction, report)
        if not keys:
            raise RunRefusedError(Code.E_NO_REPORT, "no report has this id")
        return [Affected(**row) for row in cohort.affected(transaction, keys)]

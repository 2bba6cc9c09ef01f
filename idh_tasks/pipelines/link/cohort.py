"""The current cohort: its flow, and the trainings that used a report."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import cohort
from idh_tasks.domain.cohort import AffectedMember, Demographics, Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.cohort_flow import cohort_flow
from idh_tasks.pipelines.platform import Platform, preprocessing_version


@dataclass(frozen=True)
class Flow:
    """The steps of the cohort, (patients, mutants) per sequence, and age and sex by status."""

    steps: list[Step]
    sequences: dict[MrSequence, tuple[int, int]]
    demographics: list[Demographics]


def flow(platform: Platform) -> Flow:
    """Count who is in the cohort, and who is not and why."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        counts = cohort.count(transaction, version)
    return Flow(cohort_flow(counts.outcomes), counts.sequences, counts.demographics)


def affected(platform: Platform, report: str) -> list[AffectedMember]:
    """Return the dataset members that used a report, and whether its label has changed since.

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
        return cohort.affected(transaction, keys)

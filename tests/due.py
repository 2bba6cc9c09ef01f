"""What is due, for tests: which studies are to be prepared, and a plan that prepares all of them again."""

from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from tests.database import run_sql

DUE = "SELECT study_id FROM idh.due_studies(:version) ORDER BY study_id"
PLAN = "SELECT idh.note_work('prepare', array_agg(study_id ORDER BY study_date), 1) FROM idh.study"


def to_prepare(platform: Platform, version: str | None = None) -> list[StudyId]:
    """Return the studies that are noted and lack patches of the present version, or of another one."""
    rows = run_sql(platform, DUE, version=version or preprocessing_version(platform))
    return [StudyId(study_id) for (study_id,) in rows]


def settle(platform: Platform, stage: str) -> None:
    """Let everything that is noted for a stage be done."""
    run_sql(platform, "DELETE FROM idh.due_work WHERE stage = :stage", stage=stage)


def plan_all(platform: Platform) -> None:
    """Note that all studies are to be prepared again."""
    run_sql(platform, PLAN)

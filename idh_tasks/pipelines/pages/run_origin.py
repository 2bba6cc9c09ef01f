"""What a training run was made of: its dataset, the cohort as it was frozen, code, and settings that were changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idh_tasks.configuration.listed import as_text, groups
from idh_tasks.db import frozen_cohorts
from idh_tasks.db.cohort import CohortCounts
from idh_tasks.domain.cohort import Demographics, Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.linkage.cohort_flow import cohort_flow, waiting_for_patches
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import LearningSettings

GROUP = "learning"


@dataclass(frozen=True)
class ChangedSetting:
    """A setting of a run that is not the default."""

    variable: str
    value: str
    default: str
    meaning: str


@dataclass(frozen=True)
class FrozenCohort:
    """The cohort when the dataset was frozen; `waiting` labelled patients had no patches of that version yet."""

    steps: list[Step]
    sequences: dict[MrSequence, tuple[int, int]]
    demographics: list[Demographics]
    waiting: int


@dataclass(frozen=True)
class RunOrigin:
    """What a run was made of; `cohort` and the version of the patches are None if they were not kept at the time."""

    dataset_id: str
    frozen_at: datetime
    preprocessing_version: str | None
    cohort: FrozenCohort | None
    changed: list[ChangedSetting]
    settings: int


def run_origin(platform: Platform, run_id: str, settings: Mapping[str, Any]) -> RunOrigin | None:
    """Return what a run was made of, or None if there is no such run.

    Parameters
    ----------
    settings
        Those of the run, as they are stored.
    """
    with platform.database.begin() as transaction:
        dataset = frozen_cohorts.of_run(transaction, run_id)
    if dataset is None:
        return None
    cohort = _cohort(dataset.cohort) if dataset.cohort else None
    version = dataset.preprocessing_version
    return RunOrigin(dataset.dataset_id, dataset.counted_at, version, cohort, changed(settings), len(settings))


def _cohort(counts: CohortCounts) -> FrozenCohort:
    steps, waiting = cohort_flow(counts.outcomes), waiting_for_patches(counts.outcomes)
    return FrozenCohort(steps, counts.sequences, counts.demographics, waiting)


def changed(settings: Mapping[str, Any]) -> list[ChangedSetting]:
    """Return the settings of a run that differ from the present defaults."""
    [group] = [group for group in groups() if group.name == GROUP]
    defaults = LearningSettings().model_dump(mode="json")
    names = {setting: setting.variable.rpartition("__")[2].lower() for setting in group.settings}
    return [
        ChangedSetting(setting.variable, _written(settings[name]), setting.default.strip("`"), setting.meaning)
        for setting, name in names.items()
        if name in settings and settings[name] != defaults[name]
    ]


def _written(value: Any) -> str:
    """Return a value from JSON as one would write it into the variable."""
    return as_text(tuple(value) if isinstance(value, list) else value)

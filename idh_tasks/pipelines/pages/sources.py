"""Every connection with its last test and when a night last reached it; the settings in force; what is wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.configuration.listed import Group, Setting, groups
from idh_tasks.configuration.problems import problems
from idh_tasks.db.checks import SourceCheck
from idh_tasks.domain.source import Source
from idh_tasks.pipelines.platform import Platform

NIGHTS: Mapping[Source, str] = {
    Source.PACS: "pacs",
    Source.DICOMWEB: "dicomweb",
    Source.STORE: "bucket",
    Source.PATHOLOGY: "laboratory",
    Source.FHIR: "fhir",
}
"""What the nights call a source."""
ELSEWHERE = ("mllp",)
"""Groups that a worker does not read: `idh mllp` is another process."""


WORDS = "words"
"""The name under which a worker's tables of words are recorded beside its settings."""
INTERNAL = ("IDH_TASK",)
"""Variables that the platform sets itself: nobody changes them."""
ENVIRONMENT, CONNECTION, DEFAULT = "environment", "Connection", "default"
UNITS: Mapping[str, str] = {
    "_S": "s",
    "_MM": "mm",
    "_ML": "ml",
    "_DAYS": "days",
    "_BYTES": "bytes",
    "_CRON": "cron, UTC",
    "EPOCHS": "epochs",
    "_EVERY": "epochs",
    "__PATIENCE": "epochs",
    "__PATCH_SIZE": "pixels",
    "__BATCH_SIZE": "patches",
    "__PAGE": "rows",
    "_NEW_CASES": "patients",
    "_AFFECTED": "patients",
    "_MUTANTS": "patients",
    "_CONNECTIONS": "peers",
    "__FOLDS": "folds",
}
"""Units by the ending of a variable; what has none of these is a name, a choice or a plain number."""


@dataclass(frozen=True)
class LastCheck(SourceCheck):
    """The last test of a source, and when one last succeeded."""

    checked_at: datetime
    succeeded_at: datetime | None


@dataclass(frozen=True)
class Reached:
    """When a night last listed a source."""

    source: str
    reached: datetime | None


@dataclass(frozen=True)
class SourceRow:
    """A connection, with its last test if there was one."""

    source: Source
    check: LastCheck | None
    reached: datetime | None

    @property
    def succeeded(self) -> datetime | None:
        """Return when a test or a night last reached it."""
        tested = self.check.succeeded_at if self.check else None
        return max((moment for moment in (tested, self.reached) if moment), default=None)


@dataclass(frozen=True)
class WorkerSettings:
    """The settings in force on one worker by variable, the variables at fault, and the settings that variables set."""

    worker: str
    settings: dict[str, str]
    problems: list[str]
    from_environment: list[str]
    recorded_at: datetime


@dataclass(frozen=True)
class SettingRow:
    """A setting that a person can set, with its value in force on one worker, its unit, and where it comes from."""

    variable: str
    value: str
    default: str
    changed: bool
    meaning: str
    unit: str
    origin: str


@dataclass(frozen=True)
class SettingGroup:
    """Settings that belong together, the changed ones first."""

    heading: str
    rows: list[SettingRow]
    changed: int


@dataclass(frozen=True)
class Worker:
    """The settings of one worker, and its tables of words for the selection of studies and series."""

    name: str
    recorded_at: datetime
    groups: list[SettingGroup]
    words: list[dict[str, str]]


@dataclass(frozen=True)
class Sources:
    """Everything that the page shows."""

    rows: list[SourceRow]
    problems: list[str]
    workers: list[Worker]


def sources(platform: Platform, environment: Mapping[str, str], refused: Sequence[str]) -> Sources:
    """Read the page of sources and settings.

    Parameters
    ----------
    environment
        The variables of the process that shows the page.
    refused
        What other processes say of their variables.
    """
    with platform.database.begin() as transaction:
        checked = {check.source: check for check in transaction.all(LastCheck, "pages/select_source_checks")}
        nights = {one.source: one.reached for one in transaction.all(Reached, "pages/select_last_reached")}
        workers = transaction.all(WorkerSettings, "pages/select_worker_settings")
    rows = [SourceRow(source, checked.get(source), nights.get(NIGHTS.get(source, ""))) for source in Source]
    told = [*problems(environment), *(problem for worker in workers for problem in worker.problems), *refused]
    return Sources(rows, list(dict.fromkeys(told)), [_worker(worker) for worker in workers if worker.settings])


def _worker(recorded: WorkerSettings) -> Worker:
    shown = [_group(group, recorded) for group in groups() if group.name not in ELSEWHERE]
    filled = sorted((group for group in shown if group.rows), key=lambda group: not group.changed)
    return Worker(recorded.worker, recorded.recorded_at, filled, json.loads(recorded.settings.get(WORDS, "[]")))


def _group(group: Group, recorded: WorkerSettings) -> SettingGroup:
    settings = [s for s in group.settings if s.variable in recorded.settings and s.variable not in INTERNAL]
    rows = [_row(setting, recorded) for setting in settings]
    return SettingGroup(group.heading, sorted(rows, key=lambda row: not row.changed), sum(row.changed for row in rows))


def _row(setting: Setting, recorded: WorkerSettings) -> SettingRow:
    variable, value, default = setting.variable, recorded.settings[setting.variable], setting.default.strip("`")
    differs = value != ("" if default == "unset" else default)
    origin = ENVIRONMENT if variable in recorded.from_environment else CONNECTION if differs else DEFAULT
    changed = differs and default != "required"
    return SettingRow(variable, value, default, changed, setting.meaning, _unit(variable), origin)


def _unit(variable: str) -> str:
    return next((unit for ending, unit in UNITS.items() if variable.endswith(ending)), "")

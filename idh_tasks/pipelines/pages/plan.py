"""What was prepared with an earlier version of code and settings, what making it again costs, and how far that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.pipelines.pages.listing import MOST_COUNTED
from idh_tasks.pipelines.platform import Platform, preprocessing_version

MEASURED = 200
"""Studies prepared last, whose mean time is that of a study."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Outdated:
    """How many studies of one year have patches of one earlier version, and how many of them are labelled."""

    version: str
    year: int | None
    studies: int
    labelled: int


@dataclass(frozen=True)
class Group:
    """Studies that are alike in one respect."""

    name: str
    studies: int
    labelled: int


@dataclass(frozen=True)
class Progress:
    """What of the outdated studies waits to be made again, and is begun, beside what is new.

    `seconds` is what a study takes, None if it was not measured yet. `new` is counted up to one more than 1,000.
    `prepared_today` includes new studies. `given_up` are studies that are not tried any more;
    of those that `failed` with the present version, an error is the outcome.
    """

    waiting: int
    waiting_labelled: int
    begun: int
    new: int
    given_up: int
    failed: int
    prepared_today: int
    seconds: float | None


@dataclass(frozen=True)
class PlanEvent:
    """Who started or stopped making studies again, for which version, and how many studies these were."""

    occurred_at: datetime
    actor: str
    action: str
    version: str
    studies: int
    only_labelled: bool


@dataclass(frozen=True)
class Plan:
    """The plan for the present version. `slots` is the most tasks that share the work; workers may have fewer."""

    version: str
    outdated: list[Outdated]
    progress: Progress
    latest: PlanEvent | None
    slots: int

    @property
    def studies(self) -> int:
        """Return the number of studies with patches of an earlier version."""
        return sum(one.studies for one in self.outdated)

    @property
    def labelled(self) -> int:
        """Return how many of them are labelled."""
        return sum(one.labelled for one in self.outdated)

    @property
    def by_version(self) -> list[Group]:
        """Return the studies by the version of their patches, the most first."""
        groups = _grouped((one.version, one) for one in self.outdated)
        return sorted(groups, key=lambda group: -group.studies)

    @property
    def by_year(self) -> list[Group]:
        """Return the studies by their year, the newest first."""
        return _grouped((str(one.year or "no date"), one) for one in self.outdated)

    def differs(self, version: str) -> str:
        """Return in what another version differs from the present one."""
        pairs = zip(("code", "settings"), version.split("-"), self.version.split("-"), strict=False)
        return " and ".join(name for name, theirs, ours in pairs if theirs != ours)

    def hours(self, studies: int, slots: int = 1) -> float | None:
        """Return how long preparing studies takes on a number of slots; None if no study has been measured yet."""
        seconds = self.progress.seconds
        return None if seconds is None else studies * seconds / HOUR_S / slots


def _grouped(named: Iterable[tuple[str, Outdated]]) -> list[Group]:
    studies: dict[str, list[int]] = {}
    for name, one in named:
        counts = studies.setdefault(name, [0, 0])
        counts[0] += one.studies
        counts[1] += one.labelled
    return [Group(name, *counts) for name, counts in studies.items()]


def plan(platform: Platform) -> Plan:
    """Read the plan for the present version of code and settings."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        return Plan(
            version,
            transaction.all(Outdated, "pages/count_outdated", settings_hash=version),
            _progress(transaction, version),
            transaction.first(PlanEvent, "pages/select_latest_plan"),
            platform.settings.most_tasks,
        )


def _progress(transaction: Transaction, version: str) -> Progress:
    counted = {"settings_hash": version, "most": MOST_COUNTED + 1, "measured": MEASURED}
    return transaction.all(Progress, "pages/count_making_again", **counted)[0]

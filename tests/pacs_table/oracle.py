"""What must become of every instance, by the table and what has happened alone: no code of the platform takes part."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tests.pacs_table.events import Happened
from tests.pacs_table.rows import SeriesRow, StudyRow

THERE_BEFORE = "there before"
WRONG_DATES = ("missing date", "future date", "silent future date")
"""Events after which a study may be held for a person to decide; all others must be stored."""


class Account(StrEnum):
    """What has become of an instance that the archive holds or held."""

    STORED = "stored"
    HELD = "held by name"
    EXCLUDED = "excluded with reason"
    NOT_ASKED = "of a study without MR, which is never asked for"
    LEFT_OUT = "of a series that is of no use, in a stored study"
    GONE = "no longer in the archive"
    LOST = "not accounted for"


@dataclass(frozen=True)
class Facts:
    """What the archive holds at the end, what happened to it, and how many nights the platform had for it.

    A change that is younger than `grace` nights in which the archive could be reached is not judged.
    """

    studies: Sequence[tuple[StudyRow, Sequence[SeriesRow]]]
    happened: Sequence[Happened]
    reached: Sequence[int]
    grace: int

    @cached_property
    def last(self) -> Mapping[str, Happened]:
        """Return the last event of each study that has changed."""
        return {one.study_uid: one for one in self.happened}

    def event(self, study_uid: str) -> str:
        """Return the name of the last event of a study."""
        return self.last[study_uid].event if study_uid in self.last else THERE_BEFORE

    def settled(self, study_uid: str) -> bool:
        """Return whether the platform had the time to learn of the last change of a study."""
        since = self.last[study_uid].night if study_uid in self.last else -1
        return sum(night >= since for night in self.reached) >= self.grace


@dataclass(frozen=True)
class Platform:
    """What the platform says: instances stored, studies held by name, studies and series excluded with a reason.

    `misfiled` are stored studies whose patient is not the one under whom the archive files them.
    """

    stored: frozenset[str]
    held: frozenset[str]
    excluded: frozenset[str]
    misfiled: frozenset[str]


def must_be_taken(facts: Facts) -> dict[str, frozenset[str]]:
    """Return the instances, by study, that the platform must have asked for: those of heads that can be of use."""
    return {
        study.study_uid: frozenset(uid for one in series if one.recipe.need == "wanted" for uid in one.instance_uids())
        for study, series in facts.studies
        if study.region == "head" and facts.settled(study.study_uid)
    }


def found(facts: Facts, platform: Platform) -> set[str]:
    """Return the eligible studies that are stored as a whole, or held by name where the date cannot be right."""
    held = {uid for uid in platform.held if facts.event(uid) in WRONG_DATES}
    return {uid for uid, wanted in must_be_taken(facts).items() if wanted <= platform.stored or uid in held}


def missed(facts: Facts, platform: Platform) -> Counter[str]:
    """Return how many eligible studies were not found, by the last event of each."""
    return Counter(facts.event(uid) for uid in must_be_taken(facts).keys() - found(facts, platform))


def eligible(facts: Facts) -> Counter[str]:
    """Return how many studies must have been taken, by the last event of each."""
    return Counter(facts.event(uid) for uid in must_be_taken(facts))


def other_bodies(facts: Facts, sent: Set[str]) -> set[str]:
    """Return the retrieved instances of studies of other parts of the body."""
    return {uid for study, _, uid in _instances(facts) if study.region == "body" and uid in sent}


def of_no_use(facts: Facts, sent: Set[str]) -> set[str]:
    """Return the retrieved instances of series that are neither one of the sequences nor a source of one."""
    return {uid for _, series, uid in _instances(facts) if series.recipe.need == "unwanted" and uid in sent}


def accounts(facts: Facts, platform: Platform) -> Counter[tuple[Account, str]]:
    """Return how many instances end how, by the last event of their study."""
    counted: Counter[tuple[Account, str]] = Counter()
    for study, series in facts.studies:
        if facts.settled(study.study_uid):
            event = facts.event(study.study_uid)
            counted.update((account, event) for account in _accounts(study, series, platform))
    counted.update((Account.GONE, one.event) for one in facts.happened for _ in one.gone)
    return counted


def _accounts(study: StudyRow, series: Sequence[SeriesRow], platform: Platform) -> Iterator[Account]:
    """Yield what has become of each instance of a study."""
    instances = [(one, uid) for one in series for uid in one.instance_uids()]
    stored = any(uid in platform.stored for _, uid in instances)
    for one, uid in instances:
        if uid in platform.stored:
            yield Account.STORED
        elif study.study_uid in platform.held:
            yield Account.HELD
        elif {study.study_uid, one.series_uid} & platform.excluded:
            yield Account.EXCLUDED
        elif all(other.recipe.modality != "MR" for other in series):
            yield Account.NOT_ASKED
        elif stored and one.recipe.need == "unwanted":
            yield Account.LEFT_OUT
        else:
            yield Account.LOST


def misfiled(facts: Facts, platform: Platform) -> set[str]:
    """Return the stored studies that the platform has under another patient than the archive."""
    return {uid for uid in platform.misfiled if facts.settled(uid)}


def repeated(facts: Facts, sent_by_night: Mapping[int, Sequence[str]]) -> Counter[str]:
    """Return how many instances came more often than their study changed, by the last event of the study."""
    changes = Counter(one.study_uid for one in facts.happened)
    times = Counter(uid for sent in sent_by_night.values() for uid in sent)
    return Counter(
        facts.event(study.study_uid) for study, _, uid in _instances(facts) if times[uid] > 1 + changes[study.study_uid]
    )


def _instances(facts: Facts) -> Iterator[tuple[StudyRow, SeriesRow, str]]:
    return ((study, one, uid) for study, series in facts.studies for one in series for uid in one.instance_uids())

"""What must become of every instance, by the table and what has happened alone: no code of the platform takes part."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.pacs_table.events import Happened
from tests.pacs_table.rows import SeriesRow, StudyRow


class Account(StrEnum):
    """What has become of an instance that the archive holds or held."""

    STORED = "stored"
    HELD = "held by name"
    EXCLUDED = "excluded with reason"
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

    def settled(self, study_uid: str) -> bool:
        """Return whether the platform had the time to learn of the last change of a study."""
        last = self.last_change.get(study_uid, -1)
        return sum(night >= last for night in self.reached) >= self.grace

    @property
    def last_change(self) -> Mapping[str, int]:
        """Return the night of the last change of each study that has changed."""
        return {one.study_uid: one.night for one in self.happened}


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
    """Return the eligible studies that are stored as a whole, or held by name."""
    wanted = must_be_taken(facts)
    return {uid for uid, instances in wanted.items() if instances <= platform.stored or uid in platform.held}


def missed(facts: Facts, platform: Platform) -> Counter[str]:
    """Return how many eligible studies were not found, by the last event of each."""
    events = {one.study_uid: one.event for one in facts.happened}
    return Counter(events.get(uid, "there before") for uid in must_be_taken(facts).keys() - found(facts, platform))


def outside(facts: Facts, sent: Sequence[str] | set[str]) -> set[str]:
    """Return the instances that were retrieved and should not have been: of other bodies, or of no use."""
    forbidden = {
        uid
        for study, series in facts.studies
        for one in series
        if study.region == "body" or one.recipe.need == "unwanted"
        for uid in one.instance_uids()
    }
    return forbidden & set(sent)


def accounts(facts: Facts, platform: Platform) -> Counter[tuple[Account, str]]:
    """Return how many instances end how, by the last event of their study."""
    events = {one.study_uid: one.event for one in facts.happened}
    counted: Counter[tuple[Account, str]] = Counter()
    for study, series in facts.studies:
        if facts.settled(study.study_uid):
            event = events.get(study.study_uid, "there before")
            counted.update((_account(study, one, uid, platform), event) for one in series for uid in one.instance_uids())
    counted.update((Account.GONE, one.event) for one in facts.happened for _ in one.gone)
    return counted


def _account(study: StudyRow, series: SeriesRow, uid: str, platform: Platform) -> Account:
    if uid in platform.stored:
        return Account.STORED
    if study.study_uid in platform.held:
        return Account.HELD
    if {study.study_uid, series.series_uid} & platform.excluded:
        return Account.EXCLUDED
    return Account.LOST


def misfiled(facts: Facts, platform: Platform) -> set[str]:
    """Return the stored studies that the platform has under another patient than the archive."""
    return {uid for uid in platform.misfiled if facts.settled(uid)}


def repeated(facts: Facts, sent_by_night: Mapping[int, Sequence[str]]) -> Counter[str]:
    """Return how many instances came more often than their study changed, by the last event of the study."""
    changes = Counter(one.study_uid for one in facts.happened)
    times = Counter(uid for sent in sent_by_night.values() for uid in sent)
    events: dict[str, str] = defaultdict(lambda: "there before", {one.study_uid: one.event for one in facts.happened})
    return Counter(events[study] for study, uid in _instances(facts) if times[uid] > 1 + changes[study])


def _instances(facts: Facts) -> Iterator[tuple[str, str]]:
    return ((study.study_uid, uid) for study, series in facts.studies for one in series for uid in one.instance_uids())

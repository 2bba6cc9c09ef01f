"""The flow of the cohort as of the latest count, and the persons of each of its groups."""

from dataclasses import asdict, dataclass
from datetime import datetime

from idh_tasks.db import cohort
from idh_tasks.db.cohort import SequenceCount
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.cohort import Demographics, Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.linkage.cohort_flow import cohort_flow, stages_from
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform, preprocessing_version


@dataclass(frozen=True)
class CohortCount:
    """When the cohort was counted last, and whether with the present code and settings."""

    counted_at: datetime
    is_present: bool


@dataclass(frozen=True)
class CountedFlow:
    """The steps of the cohort, the patients per sequence, and age and sex by status, all of one count."""

    count: CohortCount
    steps: list[Step]
    sequences: list[SequenceCount]
    demographics: list[Demographics]


@dataclass(frozen=True)
class Group:
    """Which persons are listed; an empty value is met by all.

    `stage` is where they left the cohort, or 'included', and `code` the reason; `reached` is a stage that they came to,
    wherever they left; `status` is the label. `with_patch` and
    `without_patch` name a sequence and are met by labelled patients only, and so is `patched`: a patch of any sequence.
    """

    stage: str = ""
    reached: str = ""
    code: str = ""
    status: str = ""
    with_patch: str = ""
    without_patch: str = ""
    patched: bool = False


@dataclass(frozen=True)
class Member:
    """A person with the study that counts or is the latest, if there is one; `total` counts the whole group."""

    person_key: str
    study_id: StudyId | None
    ingested_at: datetime | None
    stage: str
    code: str | None
    idh_status: str | None
    sequences: list[MrSequence]
    total: int


@dataclass(frozen=True)
class Members:
    """One page of the persons of a group, and when they were counted."""

    count: CohortCount | None
    listing: Listing[Member]


def counted_flow(platform: Platform) -> CountedFlow | None:
    """Return the latest count, or None before the first one."""
    with platform.database.begin() as transaction:
        count = _count(platform, transaction)
        if count is None:
            return None
        return CountedFlow(
            count,
            cohort_flow(cohort.kept_outcomes(transaction)),
            cohort.kept_sequences(transaction),
            cohort.kept_demographics(transaction),
        )


def members(platform: Platform, group: Group, number: int) -> Members:
    """Return one page of exactly the persons whom the flow counts in a group."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[Member]:
            values = asdict(group) | {"stages": stages_from(group.reached) if group.reached else None}
            return transaction.all(Member, "pages/select_cohort_members", size=size, start=start, **values)

        return Members(_count(platform, transaction), listing(number, read))


def _count(platform: Platform, transaction: Transaction) -> CohortCount | None:
    version = preprocessing_version(platform)
    return transaction.first(CohortCount, "pages/select_cohort_count", settings_hash=version)

"""What is held: counts by code, and one page of the items."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.codes import Code
from idh_tasks.db.quarantine import NOTES
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class HeldItem:
    """Something that is held; it can return by itself if it is known with which delivery it came."""

    subject: str
    code: Code
    scope: str
    study_id: StudyId | None
    reason: str
    created_at: datetime
    can_return: bool


@dataclass(frozen=True)
class HeldCount:
    """How many items are held with one code, and since when the oldest is."""

    code: Code
    scope: str
    items: int
    oldest: datetime


@dataclass(frozen=True)
class Held:
    """The counts, and one page of the items, the oldest first."""

    counts: list[HeldCount]
    listing: Listing[HeldItem]


def held(platform: Platform, code: str, study: str, number: int) -> Held:
    """Return what is held with a code and of a study; an empty value stands for all."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[HeldItem]:
            chosen = {"code": code, "study": study, "notes": NOTES}
            return transaction.all(HeldItem, "pages/select_held", size=size, start=start, **chosen)

        return Held(transaction.all(HeldCount, "pages/count_held", notes=NOTES), listing(number, read))

"""What is held: counts by code, and one page of the items."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.codes import Code
from idh_tasks.db import given_up
from idh_tasks.db.given_up import GivenUp
from idh_tasks.db.quarantine import NOTES
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import SIZE, Listing, listing
from idh_tasks.pipelines.platform import Platform, preprocessing_version


@dataclass(frozen=True)
class HeldItem:
    """Something that is held; it can return by itself if it is known with which delivery it came.

    `gaps` are the sequences of which its study has no patch by the present code and settings.
    """

    subject: str
    code: Code
    scope: str
    study_id: StudyId | None
    reason: str
    created_at: datetime
    can_return: bool
    gaps: list[MrSequence]


@dataclass(frozen=True)
class HeldCount:
    """How many items are held with one code, how many of them can be tried again, and since when the oldest is."""

    code: Code
    scope: str
    items: int
    returning: int
    oldest: datetime


@dataclass(frozen=True)
class OpenDelivery:
    """A delivery that was found but has no outcome yet, with the fault of its last try if there was one.

    After more than one night with a try, the next one is not before `next_try`.
    """

    item_id: str
    source: str
    state: str
    code: Code | None
    reason: str | None
    times_seen: int
    found_at: datetime
    nights_tried: int = 0
    next_try: datetime | None = None


@dataclass(frozen=True)
class Released:
    """Something that a person had tried again and that no run has taken or held since; who is None if unknown."""

    subject: str
    code: Code
    scope: str
    study_id: StudyId | None
    reason: str
    released_at: datetime
    released_by: str | None


@dataclass(frozen=True)
class Held:
    """The counts, one page of the items, and the deliveries without an outcome, the oldest first.

    `returning` is the number of deliveries that would be tried again with the chosen code; 0 without one. `released`
    waits for the next run, the latest first. `given_up` has the latest work that is not tried any more, of all that is.
    """

    counts: list[HeldCount]
    listing: Listing[HeldItem]
    released: list[Released]
    deliveries: list[OpenDelivery]
    returning: int
    given_up: list[GivenUp]
    all_given_up: int

    def codes(self) -> dict[Code, int]:
        """Return the number of items by each code that something is held with now."""
        codes = sorted({count.code for count in self.counts})
        return {code: sum(count.items for count in self.counts if count.code == code) for code in codes}


@dataclass(frozen=True)
class TriedAgain:
    """Something that a person had tried again, with its old codes, and what has become of it.

    `state` and `code` are those of its delivery, None if it is no longer known; `held_again` are the codes with which
    it is held now.
    """

    occurred_at: datetime
    actor: str
    subject: str
    codes: list[Code]
    scope: str | None
    study_id: StudyId | None
    state: str | None
    code: Code | None
    held_again: list[Code]


def held(platform: Platform, code: str, study: str, number: int) -> Held:
    """Return what is held with a code and of a study; an empty value stands for all."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[HeldItem]:
            chosen = {"code": code, "study": study, "notes": NOTES, "settings_hash": preprocessing_version(platform)}
            return transaction.all(HeldItem, "pages/select_held", size=size, start=start, **chosen)

        return Held(
            transaction.all(HeldCount, "pages/count_held", notes=NOTES),
            listing(number, read),
            transaction.all(Released, "pages/select_released", code=code, study=study, size=SIZE),
            transaction.all(OpenDelivery, "pages/select_open_deliveries", size=SIZE),
            transaction.column(int, "pages/count_returning", code=code)[0],
            given_up.latest(transaction, SIZE),
            given_up.count(transaction),
        )


def tried_again(platform: Platform, number: int) -> Listing[TriedAgain]:
    """Return one page of what was tried again, the latest first."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[TriedAgain]:
            return transaction.all(TriedAgain, "pages/select_readmissions", size=size, start=start)

        return listing(number, read)

"""The list of studies, by filters."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class StudyFilter:
    """What a study must meet to be listed; an empty value is met by all.

    `study` is the start of the id, `label` an IDH status or 'none', `code` a code of the study, of one of its series or
    patches, or of a link to a report.
    """

    study: str = ""
    vendor: str = ""
    label: str = ""
    with_patch: str = ""
    without_patch: str = ""
    code: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class ListedStudy:
    """A study in the list; dates are shifted like all dates of its patient."""

    study_id: StudyId
    study_date: date
    manufacturer: str
    ingested_at: datetime
    idh_status: str | None
    patches: list[MrSequence]
    codes: list[str]
    predictions: int


@dataclass(frozen=True)
class Studies:
    """One page of studies, and the manufacturers to filter by."""

    listing: Listing[ListedStudy]
    vendors: list[str]


def studies(platform: Platform, chosen: StudyFilter, number: int) -> Studies:
    """Return one page of the studies that meet a filter, the latest first."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[ListedStudy]:
            return transaction.all(ListedStudy, "pages/select_studies", size=size, start=start, **asdict(chosen))

        return Studies(listing(number, read), transaction.column(str, "pages/select_vendors"))

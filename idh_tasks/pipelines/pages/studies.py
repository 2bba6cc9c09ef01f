"""The list of studies, by filters."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from idh_tasks.db.quarantine import NOTES
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform, preprocessing_version

FEW = 1_000
SEARCHED = 1_000
"""So many studies one request searches, if a filter leaves few, and otherwise."""


class State(StrEnum):
    """How far a study has come; each has one state. What is due must be prepared with the present code and settings."""

    DUE = "due"
    NO_PATCH = "no patch"
    PATCHES = "patches"
    PREDICTED = "predicted"
    AFTER_SURGERY = "after surgery"


@dataclass(frozen=True)
class StudyFilter:
    """What a study must meet to be listed; an empty value is met by all.

    `study` is the start of the id, `label` an IDH status or 'none', `flag` a note on the quality of a patch (that of
    `with_patch`, if both are given), `attention` 'held' or 'question', `task` the Airflow task or run that made
    something of the study. `code` is a code of the study, of one of its series or patches, or of a link to a report;
    with `without_patch`, the reason why that sequence has no patch. `since` is the moment from which, and `until` the
    last day on which the study was stored; `predicted_since` is that of a prediction (all UTC).
    """

    study: str = ""
    state: str = ""
    attention: str = ""
    vendor: str = ""
    label: str = ""
    with_patch: str = ""
    without_patch: str = ""
    flag: str = ""
    code: str = ""
    task: str = ""
    since: datetime | None = None
    until: date | None = None
    predicted_since: datetime | None = None


@dataclass(frozen=True)
class ListedStudy:
    """A study in the list; its date is shifted like all dates of its patient."""

    study_id: StudyId
    study_date: date
    manufacturer: str
    ingested_at: datetime
    state: State
    idh_status: str | None
    patches: list[MrSequence]
    codes: list[str]
    flags: list[str]
    predictions: int
    sheet: bool


@dataclass(frozen=True)
class Rest:
    """The study with which a search goes on, and when it came: neither it nor an earlier one has been searched."""

    study_id: StudyId
    ingested_at: datetime


@dataclass(frozen=True)
class Studies:
    """One page of studies, and the manufacturers to filter by.

    `present` is false if code or settings have changed since the cohort was counted: patches and predictions are then
    those of the earlier version. `rest` is where the search ended, if it did not reach the earliest study.
    """

    listing: Listing[ListedStudy]
    vendors: list[str]
    present: bool
    rest: Rest | None = None


def studies(platform: Platform, chosen: StudyFilter, number: int, first: str = "") -> Studies:
    """Return one page of the studies that meet a filter, the latest first.

    If a filter by itself leaves few studies, all of them are searched; otherwise a stretch of the list is, so that a
    page does not grow with history.

    Parameters
    ----------
    first
        The id of the study with which the search begins; empty for the latest.
    """
    present = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        counted = next(iter(transaction.column(str, "pages/select_counted_version")), present)
        values = asdict(chosen) | {"settings_hash": counted, "present": present, "notes": NOTES, "first": first}
        begins = transaction.column(datetime, "pages/select_arrival", study_id=first) if first else []
        values["first_at"] = next(iter(begins), None)
        few = transaction.column(list[str], "pages/select_few_studies", few=FEW, **values)
        rest = None if few else transaction.first(Rest, "pages/select_search_end", searched=SEARCHED, **values)
        values |= {"found": next(iter(few), None), "end": rest.study_id if rest else ""}
        values["end_at"] = rest.ingested_at if rest else None

        def read(size: int, start: int) -> list[ListedStudy]:
            return transaction.all(ListedStudy, "pages/select_studies", size=size, start=start, **values)

        return Studies(listing(number, read), transaction.column(str, "pages/select_vendors"), counted == present, rest)

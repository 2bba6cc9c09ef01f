"""The full listing of an archive by slices, and the series of known studies. Only ingest uses this module."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from idh_tasks.db.engine import Transaction, json_rows
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class Standing:
    """What has become of the taken studies of a slice."""

    known: int
    held: int
    open: int


@dataclass(frozen=True)
class Slice:
    """A period of study dates and how many studies an archive lists in it; without dates, those that have none."""

    since: date | None
    until: date | None
    listed: int


@dataclass(frozen=True)
class SliceBalance:
    """A listed slice, which adds up if listed = known + held + open + excluded."""

    source: str
    since: date | None
    until: date | None
    listed: int
    known: int
    held: int
    open: int
    excluded: int
    missing: int

    @property
    def adds_up(self) -> bool:
        """Return whether every listed study is accounted for."""
        return self.listed == self.known + self.held + self.open + self.excluded


@dataclass(frozen=True, repr=False)
class CheckedStudy:
    """A known study, with the digest of its series at the last check."""

    study_id: StudyId
    study_instance_uid: str
    series_digest: str | None

    def __repr__(self) -> str:
        return f"CheckedStudy({self.study_id})"


def last_slice(transaction: Transaction, source: str) -> Slice | None:
    """Return the slice of an archive that was listed last."""
    return transaction.first(Slice, "ledger/select_last_slice", source=source)


def listed_in_pass(transaction: Transaction, source: str) -> int:
    """Return how many studies the slices of the present pass have listed."""
    [studies] = transaction.column(int, "ledger/count_pass", source=source)
    return studies


def keep(transaction: Transaction, balance: SliceBalance) -> None:
    """Keep the balance of a slice."""
    transaction.run("ledger/insert_slice", **vars(balance))


def standing(transaction: Transaction, item_ids: Sequence[str]) -> Standing:
    """Return what has become of deliveries."""
    [counts] = transaction.all(Standing, "ledger/count_standing", item_ids=list(item_ids))
    return counts


def unlisted(
    transaction: Transaction, source: str, since: date | None, until: date | None, listed: Sequence[str]
) -> list[str]:
    """Return the UIDs of studies of a period that the archive listed earlier and does not list in it now."""
    period = {"since": f"{since:%Y%m%d}" if since else "", "until": f"{until:%Y%m%d}" if until else ""}
    return transaction.column(str, "ledger/select_unlisted", source=source, listed=list(listed), **period)


def mark_missing(transaction: Transaction, study_uids: Sequence[str]) -> list[StudyId]:
    """Record that an archive does not list stored studies any more; return their ids."""
    return transaction.column(StudyId, "ledger/mark_missing", study_uids=list(study_uids))


def mark_listed(transaction: Transaction, study_uids: Sequence[str]) -> None:
    """Record that an archive lists these studies (again)."""
    transaction.run("ledger/mark_listed", study_uids=list(study_uids))


def unchecked(transaction: Transaction, source: str, most: int) -> list[CheckedStudy]:
    """Return the known studies whose series have not been compared for the longest time."""
    return transaction.all(CheckedStudy, "ledger/select_unchecked", source=source, most=most)


def keep_digests(transaction: Transaction, digests: dict[StudyId, str | None]) -> None:
    """Keep the digests of the series of checked studies; None keeps the earlier one."""
    rows = json_rows({"study_id": study_id, "digest": digest} for study_id, digest in digests.items())
    transaction.run("ledger/update_checked", rows=rows)


def reopen(transaction: Transaction, source: str, study_uids: Sequence[str]) -> int:
    """Have the next night fetch studies again; return how many were not open already."""
    return transaction.run("ledger/reopen", source=source, study_uids=list(study_uids))

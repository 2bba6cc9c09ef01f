"""What of the archives was not picked up, and which patients they were asked for. Only ingest writes it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import PatientKey


@dataclass(frozen=True)
class Listed:
    """A study under keyed tokens: of its UID, and of what the archive lists of it."""

    study_token: str
    fingerprint: str


@dataclass(frozen=True)
class Excluded:
    """A study that is not picked up, and why; `item_id` is its delivery, if its series had to be asked for."""

    study_token: str
    fingerprint: str
    reason: str
    item_id: str | None = None


@dataclass(frozen=True)
class ExclusionCount:
    """How many studies of a source are not picked up for one reason."""

    source: str
    reason: str
    studies: int


@dataclass(frozen=True, repr=False)
class CohortPatient:
    """A patient with a pathology result; `cause` is what calls for asking an archive. Never logged."""

    patient_key: PatientKey
    issuer: str
    identifier: str
    cause: str

    def __repr__(self) -> str:
        return f"CohortPatient({self.patient_key})"


@dataclass(frozen=True)
class _Recorded:
    study_token: str
    reason: str


def recorded(transaction: Transaction, source: str, listed: Iterable[Listed], filter_version: str) -> dict[str, str]:
    """Return the reason by token of those studies that the same filter has excluded, as they are listed now."""
    values = {"source": source, "filter_version": filter_version}
    found = transaction.all_of_set(_Recorded, "selection/select_recorded", map(vars, listed), **values)
    return {one.study_token: one.reason for one in found}


def exclude(transaction: Transaction, source: str, excluded: Iterable[Excluded], filter_version: str) -> None:
    """Record studies that are not picked up."""
    values = {"source": source, "filter_version": filter_version}
    transaction.run_set("selection/upsert_excluded", map(vars, excluded), **values)


def exclude_delivery(transaction: Transaction, source: str, excluded: Excluded, filter_version: str) -> None:
    """Record a study that its series excluded, and forget what the hospital calls it."""
    exclude(transaction, source, [excluded], filter_version)
    transaction.run("selection/delete_item", item_id=excluded.item_id)


def take(transaction: Transaction, source: str, tokens: Sequence[str]) -> None:
    """Record that studies are picked up after all."""
    transaction.run("selection/delete_excluded", source=source, tokens=tokens)


def by_item(transaction: Transaction, item_ids: Sequence[str]) -> dict[str, Counter[str]]:
    """Return, by source and reason, how many of these deliveries were not picked up."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in transaction.all(ExclusionCount, "selection/count_by_item", item_ids=item_ids):
        counts[row.source][row.reason] = row.studies
    return counts


def is_excluded(transaction: Transaction, item_id: str) -> bool:
    """Return whether a delivery was not picked up when its series were asked for."""
    return bool(by_item(transaction, [item_id]))


def keep_counts(transaction: Transaction, source: str) -> None:
    """Keep the counts of a source, which pages show."""
    transaction.run("selection/delete_counts", source=source)
    transaction.run("selection/insert_counts", source=source)


def counts(transaction: Transaction) -> list[ExclusionCount]:
    """Return how many studies are not picked up, by source and reason."""
    return transaction.all(ExclusionCount, "selection/select_counts")


def patients_to_ask(transaction: Transaction, source: str, filter_version: str, most: int) -> list[CohortPatient]:
    """Return patients with a result of whom an archive has not been asked since something new called for it."""
    values = {"source": source, "filter_version": filter_version, "most": most}
    return transaction.all(CohortPatient, "selection/select_patients_to_ask", **values)


def record_asked(transaction: Transaction, source: str, patients: Iterable[CohortPatient]) -> None:
    """Record of which patients an archive was asked, and what called for it."""
    rows = ({"source": source, "patient_key": one.patient_key, "cause": one.cause} for one in patients)
    transaction.run_many("selection/upsert_patient_query", rows)

"""Patients of a training run who have the same image: the one search of a run, which all its sequences read."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Twins, TwinSearch
from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class TwinPair:
    """Twins of a training run as stored."""

    sequence: MrSequence
    patient_key: str
    other_key: str
    similarity: float


def save(transaction: Transaction, run_id: str, search: TwinSearch) -> None:
    """Store what the search of a run has found; a run that has been searched keeps what was found first."""
    if transaction.run("twins/update_searched", run_id=run_id):
        transaction.run_many("twins/insert_twin_pair", [vars(pair) | {"run_id": run_id} for pair in _pairs(search)])


def of_run(transaction: Transaction, run_id: str) -> TwinSearch | None:
    """Return what the search of a run has found, or None if the run has not been searched."""
    if not transaction.column(bool, "twins/select_searched", run_id=run_id):
        return None
    pairs = transaction.all(TwinPair, "twins/select_twin_pairs", run_id=run_id)
    return {sequence: list(map(_twins, own)) for sequence, own in groupby(pairs, key=lambda pair: pair.sequence)}


def _pairs(search: TwinSearch) -> Iterable[TwinPair]:
    return (TwinPair(s, t.first, t.second, t.similarity) for s, found in search.items() for t in found)


def _twins(pair: TwinPair) -> Twins:
    return Twins(pair.patient_key, pair.other_key, pair.similarity)

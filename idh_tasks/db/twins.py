"""Patients of a training run who have the same image: the one search of a run, and the questions about its pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from idh_tasks.db.engine import Transaction, json_rows
from idh_tasks.domain.learning import Twins, TwinSearch
from idh_tasks.domain.review import DIFFERENT_PATIENTS, SAME_PATIENT
from idh_tasks.domain.same_image import ToldApart
from idh_tasks.domain.sequence import MrSequence

OPTIONS = [DIFFERENT_PATIENTS, SAME_PATIENT]


@dataclass(frozen=True)
class TwinPair:
    """Twins of a training run as stored."""

    sequence: MrSequence
    patient_key: str
    other_key: str
    similarity: float
    apart_by: str | None


@dataclass(frozen=True)
class TwinQuestion:
    """A pair to ask about; `patient_key` is one of the two, `detail` what the reviewer sees."""

    subject: str
    evidence: str
    patient_key: str
    detail: Mapping[str, object]


@dataclass(frozen=True)
class Standing:
    """Whether the pairs of a run refuse its training: one is reported, or an answer that spoke against it is gone."""

    reported: bool
    taken_back: bool


@dataclass(frozen=True)
class _Imaged:
    patient_key: str
    study_id: str


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


def request(transaction: Transaction, asked: Sequence[TwinQuestion]) -> None:
    """Open the questions about the pairs that a search has found; those about other pairs become moot."""
    rows = json_rows(vars(one) for one in asked)
    transaction.run("twins/request_twin_questions", rows=rows, options=OPTIONS)


def told_apart(transaction: Transaction) -> list[ToldApart]:
    """Return the answers that two patients with the same image are different ones."""
    return transaction.all(ToldApart, "twins/select_told_apart", answer=DIFFERENT_PATIENTS)


def standing(transaction: Transaction, run_id: str) -> Standing:
    """Return whether the pairs of a run refuse its training at present."""
    [found] = transaction.all(Standing, "twins/select_twin_standing", run_id=run_id, answer=DIFFERENT_PATIENTS)
    return found


def studies(transaction: Transaction, run_id: str) -> dict[str, str]:
    """Return the study of each patient of a run's dataset."""
    return {
        row.patient_key: row.study_id for row in transaction.all(_Imaged, "twins/select_twin_studies", run_id=run_id)
    }


def _pairs(search: TwinSearch) -> Iterable[TwinPair]:
    return (TwinPair(s, t.first, t.second, t.similarity, t.apart_by) for s, found in search.items() for t in found)


def _twins(pair: TwinPair) -> Twins:
    return Twins(pair.patient_key, pair.other_key, pair.similarity, pair.apart_by)

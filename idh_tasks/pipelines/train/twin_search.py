"""Searches the dataset of a training run for patients who have the same image: once, for all sequences of the run."""

import logging
from collections.abc import Sequence
from itertools import chain

from idh_tasks.codes import Code
from idh_tasks.db import datasets, twins
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Member, Twins, TwinSearch
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.leakage import distinct
from idh_tasks.learning.twins import find_twins
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.dataset_arrays import unpacked
from idh_tasks.pipelines.train.twin_questions import marked, questions_of, told_apart

log = logging.getLogger(__name__)


def search_twins(platform: Platform, run_id: str) -> int:
    """Compare the patients of a run in each sequence, keep what is found, and ask a person about each pair.

    A pair whom somebody has told apart is kept with the answer. A second call compares nothing and returns the same.

    Returns
    -------
    int
        The number of pairs that refuse the training.

    Raises
    ------
    IdhError, RunRefusedError
        As `unpacked`.
    """
    with platform.database.begin() as transaction:
        members, known = datasets.members(transaction, run_id), twins.of_run(transaction, run_id)
    if known is None:
        known = _search_and_ask(platform, run_id, members)
    return len(pairs_of(known))


def _search_and_ask(platform: Platform, run_id: str, members: Sequence[Member]) -> TwinSearch:
    found = _searched(platform, run_id, members)
    asked, pictures = questions_of(platform, run_id, members, found)
    with platform.database.begin() as transaction:
        twins.save(transaction, run_id, marked(found, told_apart(transaction, members)))
        twins.request(transaction, asked)
        # The rows keep both patients from being erased until the pictures are where erasure finds them.
        for key, picture in pictures.items():
            platform.store.put(key, picture)
        return twin_search_of(transaction, run_id)


def twin_search_of(transaction: Transaction, run_id: str) -> TwinSearch:
    """Return what the search of a run has found.

    Raises
    ------
    RunRefusedError
        ``E_NOT_SEARCHED`` if the run was not searched.
    """
    found = twins.of_run(transaction, run_id)
    if found is None:
        reason = f"the patients of run {run_id} were not compared by their images"
        raise RunRefusedError(Code.E_NOT_SEARCHED, reason)
    return found


def pairs_of(search: TwinSearch) -> tuple[Twins, ...]:
    """Return each pair that nobody has told apart, once, whatever sequences show it."""
    return distinct(pair for pair in chain.from_iterable(search.values()) if pair.apart_by is None)


def _searched(platform: Platform, run_id: str, members: Sequence[Member]) -> dict[MrSequence, list[Twins]]:
    """Compare the patients in one sequence after the other, so that the images of one are in memory."""
    return {
        sequence: _in_sequence(platform, run_id, sequence, [m for m in members if m.sequence is sequence])
        for sequence in sorted({member.sequence for member in members})
    }


def _in_sequence(platform: Platform, run_id: str, sequence: MrSequence, members: Sequence[Member]) -> list[Twins]:
    with unpacked(platform, run_id, sequence, members) as patches:
        found = find_twins(patches)
    log.info("%s: %d patients compared, pairs with the same image: %d", sequence, len(members), len(found))
    return found

"""Asks a person about patients with the same image, and says which pairs somebody has told apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from idh_tasks.codes import Code
from idh_tasks.db import twins
from idh_tasks.db.engine import Transaction
from idh_tasks.db.twins import TwinQuestion
from idh_tasks.domain.learning import Member, Twins, TwinSearch, contents_of
from idh_tasks.domain.same_image import ToldApart, evidence_of, subject_of
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.leakage import distinct
from idh_tasks.linkage.questions import PICTURE
from idh_tasks.pipelines.platform import Platform
from idh_tasks.reporting.pair_figure import pair_picture
from idh_tasks.store import keys
from idh_tasks.store.arrays import read_array

Pictures = Mapping[str, bytes]
"""Pictures (PNG) by their object keys."""
SHORT = 8
"""Characters of an id by which a person tells two apart."""


def told_apart(transaction: Transaction, members: Sequence[Member]) -> dict[str, ToldApart]:
    """Return by subject the answers that two patients are different, of pairs who have these patches still."""
    contents = contents_of(members)
    answers = twins.told_apart(transaction)
    return {one.subject: one for one in answers if one.evidence == evidence_of(one.subject, contents)}


def marked(search: TwinSearch, apart: Mapping[str, ToldApart]) -> dict[MrSequence, list[Twins]]:
    """Return what a search has found, with the answer about each pair that somebody has told apart."""
    return {sequence: [_marked(pair, apart) for pair in found] for sequence, found in search.items()}


def _marked(pair: Twins, apart: Mapping[str, ToldApart]) -> Twins:
    answer = apart.get(subject_of(pair))
    return replace(pair, apart_by=answer.review_id) if answer else pair


def questions_of(
    platform: Platform, run_id: str, members: Sequence[Member], search: TwinSearch
) -> tuple[list[TwinQuestion], Pictures]:
    """Return what is asked about the pairs of a search, each pair once, with the pictures, which are not stored yet."""
    with platform.database.begin() as transaction:
        studies = twins.studies(transaction, run_id)
    contents, asked, pictures = contents_of(members), [], {}
    for pair in distinct(pair for found in search.values() for pair in found):
        subject = subject_of(pair)
        evidence = str(evidence_of(subject, contents))
        patients, shown_in = subject.split(), dict(_shown_in(search, subject))
        key = keys.pair_images(studies[patients[0]], evidence)
        people = [{"patient": patient, "study": studies[patient]} for patient in patients]
        detail = {"patients": people, "same image in": _texts(shown_in), PICTURE: key}
        asked.append(TwinQuestion(subject, evidence, patients[0], detail))
        pictures[key] = _picture(platform, max(shown_in, key=shown_in.__getitem__), people, members)
    return asked, pictures


def _shown_in(search: TwinSearch, subject: str) -> Iterator[tuple[MrSequence, float]]:
    """Yield the sequences in which a pair has the same image, with the correlation."""
    for sequence, found in search.items():
        yield from ((sequence, pair.similarity) for pair in found if subject_of(pair) == subject)


def _texts(shown_in: Mapping[MrSequence, float]) -> list[dict[str, str]]:
    return [{"sequence": sequence.written, "correlation": f"{value:.2f}"} for sequence, value in shown_in.items()]


def _picture(
    platform: Platform, sequence: MrSequence, people: Sequence[Mapping[str, str]], members: Sequence[Member]
) -> bytes:
    """Draw both patients in the sequence in which they are most alike."""
    stored = {member.patient_key: member for member in members if member.sequence is sequence}
    own = [stored[one["patient"]] for one in people]
    patches = [read_array(platform.store.get_checked(member.object_key, member.sha256)) for member in own]
    labels = [f"patient {one['patient'][:SHORT]}, study {one['study'][:SHORT]}" for one in people]
    return pair_picture(sequence.written, labels, patches)


def refuse_taken_back(transaction: Transaction, run_id: str) -> None:
    """Refuse a run whose search relied on an answer that has been taken back since.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE``; the next run of the dataset has a search of its own.
    """
    if twins.standing(transaction, run_id).taken_back:
        reason = "the answer that two patients with the same image are different ones was taken back since the search"
        raise RunRefusedError(Code.E_LEAKAGE, reason)

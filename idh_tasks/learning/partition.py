"""Who is in the locked test set and in which fold: both follow from images, seed and settings, not from pseudonyms."""

from collections.abc import Mapping, Sequence

from idh_tasks.domain.learning import Member, Partition, contents_of, labels_of
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.learning.folds import folds_of
from idh_tasks.settings import LearningSettings

BITS = 256
"""Of the hash by which patients are chosen for the locked set."""


def partition(members: Sequence[Member], settings: LearningSettings, decided: Mapping[str, bool]) -> Partition:
    """Choose the locked test set of a dataset, and split all other patients into folds.

    Parameters
    ----------
    decided
        For each patient of an earlier dataset whether they are in the locked set; this is never decided again.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` as `folds.make_folds`.
    """
    contents, share = contents_of(members), settings.locked_share
    locked = frozenset(p for p, content in contents.items() if decided.get(p, is_locked(content, share)))
    labels = {patient: mutant for patient, mutant in labels_of(members).items() if patient not in locked}
    by_sequence = [
        {m.patient_key for m in members if m.sequence is sequence} & labels.keys() for sequence in MODEL_SEQUENCES
    ]
    return Partition(folds_of(labels, settings, by_sequence), locked)


def is_locked(content: str, share: float) -> bool:
    """Return whether a patient with this hash of their images is one of the share that is locked."""
    return int(content, 16) < share * 2.0**BITS

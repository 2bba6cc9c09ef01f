"""The question whether two patients with the same image are one; an answer holds while both have the same patches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from idh_tasks.domain.learning import Twins

SEPARATOR = " "
"""Between the two patients in the subject; erasure and the pages take it apart."""


@dataclass(frozen=True)
class ToldApart:
    """An answer that two patients are different; taken back and given again, it is another answer."""

    review_id: str
    subject: str
    evidence: str
    answered_at: datetime

    @property
    def token(self) -> str:
        """Return what stands for just this answer."""
        return f"{self.review_id}:{self.answered_at.timestamp():.6f}"


def subject_of(pair: Twins) -> str:
    """Return the two patients of a pair in order."""
    return SEPARATOR.join(sorted((pair.first, pair.second)))


def evidence_of(subject: str, contents: Mapping[str, str]) -> str | None:
    """Return a hash of all patches of two patients; None if one of them is not in the dataset.

    Parameters
    ----------
    contents
        A hash of the patches of each patient of a dataset (see `contents_of`).
    """
    patients = subject.split(SEPARATOR)
    if not contents.keys() >= set(patients):
        return None
    return sha256(" ".join(contents[patient] for patient in patients).encode()).hexdigest()

"""What a person decided about the networks of a training run."""

from dataclasses import dataclass

MOST_CHARACTERS = 500
"""Of a comment."""


@dataclass(frozen=True)
class Approval:
    """Which networks a person approved.

    Parameters
    ----------
    shown
        Digest of the judgement that the person was shown; see `idh_tasks.pipelines.train.promotion`.
    sequences
        The sequences whose networks become champions; the others stay challengers.
    """

    actor: str
    shown: str
    sequences: frozenset[str]
    comment: str = ""

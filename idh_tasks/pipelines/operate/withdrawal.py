"""Withdraws a champion."""

from idh_tasks.codes import Code
from idh_tasks.db import models
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


def roll_back(
    platform: Platform, sequence: MrSequence, operator: str, expected: str | None = None, comment: str = ""
) -> str:
    """Make the previous champion of a sequence champion again; return its id.

    Parameters
    ----------
    expected
        The champion that the operator saw, or None to withdraw any.
    comment
        Why, in the operator's words; kept in the history.

    Raises
    ------
    RunRefusedError
        ``E_NO_CHAMPION`` if there is no previous champion, or another champion than the expected one.
    """
    with platform.database.begin() as transaction:
        previous = models.roll_back(transaction, sequence, expected, operator, comment)
    if previous is None:
        raise RunRefusedError(Code.E_NO_CHAMPION, f"{sequence} has no previous champion, or another one by now")
    return previous


def withdraw(platform: Platform, sequence: MrSequence, champion: str, reason: str, operator: str) -> None:
    """Withdraw the champion of a sequence without a successor: the sequence is not predicted until it has another one.

    Parameters
    ----------
    champion
        The champion that the operator saw. It is never champion again.

    Raises
    ------
    RunRefusedError
        ``E_NO_CHAMPION`` if the sequence has no champion, or another one by now.
    """
    with platform.database.begin() as transaction:
        if not models.withdraw(transaction, sequence, champion, reason, operator):
            raise RunRefusedError(Code.E_NO_CHAMPION, f"{sequence} has no champion, or another one by now")

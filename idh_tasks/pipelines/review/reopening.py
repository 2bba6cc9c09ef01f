"""Takes an answer back: the question is asked again, and what followed from the answer ends at once."""

from idh_tasks.codes import Code
from idh_tasks.db import reviews
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


def reopen(platform: Platform, review_id: str, operator: str, reason: str) -> str:
    """Take the answer to a question back and return it.

    Labels, chosen studies and persons follow with the next link run. A merge by this answer is undone, and patches that
    were cut with an outline that it accepted are withdrawn, in the same transaction.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if the question has no answer (any more).
    """
    with platform.database.begin() as transaction:
        answer = reviews.reopen(transaction, review_id, operator, reason)
    if answer is None:
        raise RunRefusedError(Code.E_REVIEW, "the question has no answer that could be taken back")
    return answer

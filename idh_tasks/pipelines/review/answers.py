"""Answers: each is recorded with its author and takes effect in the next link run."""

from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import audit, pathology, reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.db.pathology import MergeEvent
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.questions import LEAVE_OPEN
from idh_tasks.pipelines.platform import Platform


def answer(platform: Platform, review_id: str, option: str, who: str | None) -> bool:
    """Record what a person chose; tell whether it changes anything.

    Parameters
    ----------
    who
        The user, or None if the question timed out: then it stays open and the case out.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if the question is answered already or does not have this option.
    """
    with platform.database.begin() as transaction:
        if who is None or option == LEAVE_OPEN:
            action = "left open" if who else "review timed out"
            audit.record(transaction, who or "review", action, review_id)
            return False
        found = reviews.answer(transaction, review_id, option, who)
        if found is None:
            raise RunRefusedError(Code.E_REVIEW, f"question {review_id} is answered already or has no such option")
        if found["kind"] == "near_miss" and option == "same person":
            _merge(platform, transaction, review_id, found["subject"], found["evidence"])
        audit.record(transaction, who, "answered", review_id, kind=found["kind"], answer=option)
    return True


def _merge(platform: Platform, transaction: Transaction, review_id: str, prior: str, surviving: str) -> None:
    event_id = platform.pseudonymiser.token("merge", "review", review_id)
    event = MergeEvent(event_id, PatientKey(prior), PatientKey(surviving), False, datetime.now(UTC), "review")
    pathology.save_merges(transaction, [event])

"""What was judged about the networks of a run, by whom it was decided, and what the checks for leaks found."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.domain.learning import LeakCheck, RuleOff
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Judged:
    """The judgement about a network and the decision, both None until they are made, and the checks of its sequence."""

    sequence: MrSequence
    run_id: str
    checks: list[LeakCheck]
    accepted: bool | None
    verdict: str | None
    compared: int | None
    changed: int | None
    relabelled: int | None
    switched_off: list[RuleOff]
    judged_at: datetime | None
    decision: str | None
    decided_by: str | None
    comment: str | None
    decided_at: datetime | None


def verdicts(platform: Platform, run_id: str) -> list[Judged]:
    """Return the judgements about the networks of a run, in the order of the protocol."""
    with platform.database.begin() as transaction:
        rows = transaction.all(Judged, "pages/select_run_verdicts", run_id=run_id)
    return sorted(rows, key=lambda row: row.sequence.place)

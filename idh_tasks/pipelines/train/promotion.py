"""Promote, roll back, and tell the history of champions; each change is one transaction and one audit event."""

import logging
from collections.abc import Mapping
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db import audit, training
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Interval
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.gate import Verdict, judge
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

Champions = dict[str, str | None]
"""By sequence the champion that a challenger was compared with."""


def challengers(platform: Platform, run_id: str) -> tuple[Champions, list[str]]:
    """Judge every model of a run; return what those that may go on were compared with, and the verdicts in words."""
    seen: Champions = {}
    told = []
    with platform.database.begin() as transaction:
        for row in _models(transaction, run_id):
            verdict = _verdict(platform, transaction, row)
            told.append(f"{row['sequence']}: {_in_words(verdict)}")
            if verdict.passed:
                seen[row["sequence"]] = row["champion_id"]
            else:
                audit.record(transaction, "gate", "kept", row["model_id"], refusals=verdict.refusals)
        if not seen:
            transaction.run("training/update_training_run", run_id=run_id, state="promoted", report_key=None)
    for line in told:
        log.info("%s", line)
    return seen, told


def promote(platform: Platform, run_id: str, seen: Mapping[str, str | None], actor: str = "auto") -> list[str]:
    """Make the judged models of a run champions, all of them or none.

    Parameters
    ----------
    seen
        What `challengers` returned.

    Returns
    -------
    list of str
        The sequences with a new champion.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if another champion has come meanwhile: what was judged, and perhaps approved, is no longer so.
    """
    promoted = []
    with platform.database.begin() as transaction:
        transaction.rows("models/lock_promotion")
        for row in _models(transaction, run_id):
            if row["sequence"] not in seen or row["state"] == "champion":
                continue
            if row["champion_id"] != seen[row["sequence"]]:
                raise RunRefusedError(
                    Code.E_STALE, f"{row['sequence']} has another champion since it was judged; judge again"
                )
            training.promote(transaction, MrSequence(row["sequence"]), row["model_id"])
            audit.record(transaction, actor, "promoted", row["model_id"], replaces=row["champion_id"])
            promoted.append(row["sequence"])
        transaction.run("training/update_training_run", run_id=run_id, state="promoted", report_key=None)
    log.info("promoted: %s", ", ".join(promoted) or "none")
    return promoted


def rollback(platform: Platform, sequence: MrSequence, actor: str) -> str:
    """Make the champion before the present one champion again; return its id.

    Raises
    ------
    RunRefusedError
        ``E_NO_CHAMPION`` if there is none to go back to.
    """
    with platform.database.begin() as transaction:
        transaction.rows("models/lock_promotion")
        present = transaction.one("models/select_champion", sequence=sequence)
        before = transaction.one("models/select_previous_champion", sequence=sequence)
        if present is None or before is None:
            raise RunRefusedError(Code.E_NO_CHAMPION, f"{sequence} has no champion before the present one")
        training.promote(transaction, sequence, before["model_id"])
        audit.record(transaction, actor, "rolled back", before["model_id"], withdraws=present["model_id"])
    return str(before["model_id"])


def history(platform: Platform, sequence: MrSequence | None = None) -> list[dict[str, Any]]:
    """Return every promotion, refusal and roll-back, the latest first."""
    with platform.database.begin() as transaction:
        return [dict(row) for row in transaction.rows("models/select_model_history", sequence=sequence)]


def champions(platform: Platform) -> list[dict[str, Any]]:
    """Return the present champions."""
    with platform.database.begin() as transaction:
        return [vars(model) for model in training.champions(transaction).values()]


def _models(transaction: Transaction, run_id: str) -> list[dict[str, Any]]:
    return [dict(row) for row in transaction.rows("models/select_run_models", run_id=run_id)]


def _verdict(platform: Platform, transaction: Transaction, row: Mapping[str, Any]) -> Verdict:
    sequence = MrSequence(row["sequence"])
    canary = None
    if row["canary_auc"] is not None:
        canary = Interval(row["canary_auc"], row["canary_low"], row["canary_high"])
    own = training.scores(transaction, row["run_id"])[sequence]
    theirs = training.scores(transaction, row["champion_run"])[sequence] if row["champion_run"] else []
    mine = training.locked_scores(transaction, row["run_id"])[sequence]
    others = training.locked_scores(transaction, row["champion_run"])[sequence] if row["champion_run"] else []
    return judge(own, theirs, canary, platform.settings.learning, (mine, others))


def _in_words(verdict: Verdict) -> str:
    if not verdict.passed:
        return "; ".join(verdict.refusals)
    if verdict.gain is None:
        return "the first champion"
    return f"AUC {verdict.gain.value:+.3f} [{verdict.gain.low:+.3f}, {verdict.gain.high:+.3f}] beside the champion's"

"""Registered models, champions and their history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Calibration, LeakCheck, ModelRecord
from idh_tasks.domain.sequence import MrSequence


class ModelState(StrEnum):
    """The role of a model."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True)
class Challenger:
    """A model of a run, whether a person withdrew it as champion, its checks for leaks, and the present champion."""

    model_id: str
    run_id: str
    sequence: MrSequence
    state: ModelState
    sha256: str
    champion_id: str | None
    champion_run: str | None
    withdrawn: bool
    checks: tuple[LeakCheck, ...]


@dataclass(frozen=True)
class Withdrawal:
    """The champion of a sequence that was withdrawn without a successor, by whom, when and why."""

    sequence: MrSequence
    model_id: str
    withdrawn_by: str
    withdrawn_at: datetime
    withdrawn_reason: str


@dataclass(frozen=True)
class HistoryEvent:
    """A promotion, a refusal, a rollback or a withdrawal, with the present state of the model."""

    occurred_at: datetime
    actor: str
    action: str
    sequence: MrSequence
    model_id: str
    run_id: str
    state: ModelState
    detail: dict[str, Any]


def register(
    transaction: Transaction, model: ModelRecord, calibration: Calibration, environment: Mapping[str, str]
) -> None:
    """Store a model with its calibration and the versions of the packages that trained it."""
    versions = json.dumps(environment)
    transaction.run("models/insert_model", environment=versions, **vars(calibration), **vars(model))


def lock_promotion(transaction: Transaction) -> None:
    """Make other promotions and rollbacks wait until the transaction ends."""
    transaction.rows("models/lock_promotion")


def of_run(transaction: Transaction, run_id: str) -> list[Challenger]:
    """Return the models of a run, each with the present champion of its sequence."""
    return transaction.all(Challenger, "models/select_run_models", run_id=run_id)


def promote(transaction: Transaction, sequence: MrSequence, model_id: str) -> None:
    """Make a model the champion of its sequence and retire the present one."""
    transaction.run("models/retire_champion", sequence=sequence, model_id=model_id)
    transaction.run("models/promote_model", model_id=model_id)


def champions(transaction: Transaction) -> list[ModelRecord]:
    """Return the champions, ordered by sequence."""
    return transaction.all(ModelRecord, "models/select_champions")


def roll_back(
    transaction: Transaction, sequence: MrSequence, expected: str | None, operator: str, comment: str
) -> str | None:
    """Make the previous champion of a sequence champion again, with an audit event; return its id.

    Returns None if there is none, or if the present champion is not the expected one, where one is expected.
    """
    given = {"sequence": sequence, "expected": expected, "operator": operator, "comment": comment}
    [row] = transaction.rows("models/roll_back", **given)
    previous: str | None = row["model_id"]
    return previous


def withdraw(transaction: Transaction, sequence: MrSequence, champion: str, reason: str, operator: str) -> bool:
    """Withdraw the champion of a sequence, which has none then, with an audit event; return False if it is another."""
    given = {"sequence": sequence, "champion": champion, "reason": reason, "operator": operator}
    return transaction.column(bool, "models/withdraw_champion", **given) == [True]


def withdrawals(transaction: Transaction) -> list[Withdrawal]:
    """Return the sequences that have no champion because a person withdrew the last one."""
    return transaction.all(Withdrawal, "models/select_withdrawals")


def history(transaction: Transaction, sequence: MrSequence | None, most: int | None = None) -> list[HistoryEvent]:
    """Return what became of the models of one sequence or of all, the latest first, at most so many events."""
    return transaction.all(HistoryEvent, "models/select_model_history", sequence=sequence, most=most)

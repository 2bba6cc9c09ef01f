"""The last test of every connection, and the settings in force on every worker."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.source import Source


class Outcome(StrEnum):
    """What a test of a connection found."""

    OK = "ok"
    FAILED = "failed"
    ABSENT = "not configured"


@dataclass(frozen=True)
class SourceCheck:
    """The result of one test.

    Parameters
    ----------
    code
        Of the fault, if the test failed.
    address
        Where the source is, without any secret.
    origin
        Where the Connection comes from.
    """

    source: Source
    outcome: Outcome
    code: Code | None
    sentence: str
    seconds: float
    address: str
    origin: str


@dataclass(frozen=True)
class Login:
    """The role that is logged in, and the version of the schema that it sees."""

    name: str
    version: str


def save(transaction: Transaction, check: SourceCheck) -> None:
    """Record a test; it replaces the last one of the same source."""
    transaction.run("checks/upsert_source_check", **asdict(check))


def save_settings(
    transaction: Transaction,
    worker: str,
    settings: Mapping[str, str],
    problems: Sequence[str],
    from_environment: Sequence[str],
) -> None:
    """Record the settings in force on a worker, which of them variables set, and what is wrong with its variables."""
    stored = {"settings": json.dumps(dict(settings)), "problems": json.dumps(list(problems))}
    transaction.run("checks/upsert_worker_settings", worker=worker, from_environment=list(from_environment), **stored)


def login(transaction: Transaction) -> Login:
    """Return who is logged in."""
    [found] = transaction.all(Login, "checks/select_login")
    return found

"""When runs of ingest began and ended, so that a backfill can yield to them."""

from idh_tasks.db.engine import Transaction

LONGEST_H = 12
"""Hours after which Airflow ends a run."""


def begin(transaction: Transaction) -> None:
    """Record that a run of ingest has begun."""
    transaction.run("runs/insert_run")


def end(transaction: Transaction) -> None:
    """Record that all runs of ingest have ended; only one runs at a time."""
    transaction.run("runs/end_runs")


def is_active(transaction: Transaction) -> bool:
    """Return whether a run of ingest is active."""
    return transaction.column(bool, "runs/select_active", hours=LONGEST_H) == [True]

"""The plan: studies that were prepared with an earlier version are made again when a person decides so."""

from idh_tasks.db.engine import Transaction


def make_again(transaction: Transaction, settings_hash: str, operator: str, *, only_labelled: bool) -> int:
    """Note the studies that were prepared with another version, with one audit event; return how many are added."""
    chosen = {"settings_hash": settings_hash, "only_labelled": only_labelled, "operator": operator}
    return transaction.column(int, "plans/make_again", **chosen)[0]


def stop_making_again(transaction: Transaction, settings_hash: str, operator: str) -> int:
    """Remove what is to be made again and is not begun, with one audit event; return the number of studies."""
    return transaction.column(int, "plans/stop_making_again", settings_hash=settings_hash, operator=operator)[0]


def retry_failed(transaction: Transaction, settings_hash: str, operator: str) -> int:
    """Note the studies that failed with a version, with one audit event; return their number."""
    return transaction.column(int, "plans/retry_failed", settings_hash=settings_hash, operator=operator)[0]

"""Which secret made the pseudonyms of this installation: only its fingerprint is kept."""

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.errors import RunRefusedError

VERSION = 1
"""The way in which a fingerprint is computed; another way gets another number, and both are kept."""


def check(transaction: Transaction, fingerprint: str) -> None:
    """Record the fingerprint of the first key, and refuse any other one.

    Raises
    ------
    RunRefusedError
        ``E_KEY``: with another key, the same patients would get other pseudonyms, those who withdrew too.
    """
    if _recorded(transaction) is None:
        transaction.run("installation_key/insert_fingerprint", version=VERSION, fingerprint=fingerprint)
    if _recorded(transaction) != fingerprint:
        raise RunRefusedError(
            Code.E_KEY, "this is not the pseudonym key that the installation was made with; take it from the backup"
        )


def _recorded(transaction: Transaction) -> str | None:
    row = transaction.one("installation_key/select_fingerprint", version=VERSION)
    return None if row is None else str(row["fingerprint"])

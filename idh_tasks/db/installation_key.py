"""The fingerprint of the key from which the pseudonyms of this installation are derived."""

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.errors import RunRefusedError

VERSION = 1
"""Version of the computation of the fingerprint; a new computation gets a new version, and old rows stay."""


def check(transaction: Transaction, fingerprint: str) -> None:
    """Record the fingerprint of the first key, and refuse every other key.

    Raises
    ------
    RunRefusedError
        ``E_KEY``: with another key, patients would get new pseudonyms, and those who withdrew would be ingested again.
    """
    if _recorded(transaction) is None:
        transaction.run("installation_key/insert_fingerprint", version=VERSION, fingerprint=fingerprint)
    if _recorded(transaction) != fingerprint:
        raise RunRefusedError(
            Code.E_KEY, "this is not the pseudonym key of this installation; take the key from the backup"
        )


def _recorded(transaction: Transaction) -> str | None:
    return next(iter(transaction.column(str, "installation_key/select_fingerprint", version=VERSION)), None)

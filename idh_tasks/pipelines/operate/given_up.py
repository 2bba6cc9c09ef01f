"""Has work that was given up tried again."""

from collections.abc import Collection

from idh_tasks.db import given_up
from idh_tasks.db.given_up import GivenUp
from idh_tasks.pipelines.platform import Platform


def listed(platform: Platform) -> list[GivenUp]:
    """Return everything that was given up, the latest first."""
    with platform.database.begin() as transaction:
        return given_up.latest(transaction)


def retry(platform: Platform, operator: str, *, names: Collection[str] = (), items: Collection[str] = ()) -> int:
    """Have what is named tried again by the next run of its stage; return how many items were given up.

    Parameters
    ----------
    names
        Those of `GivenUp`.
    items
        Studies, in every stage that has given them up.
    """
    with platform.database.begin() as transaction:
        found = given_up.latest(transaction)
        chosen = [one for one in found if one.name in names or one.item in items]
        return given_up.retry(transaction, chosen, operator)


def retry_all(platform: Platform, operator: str) -> int:
    """Have everything that was given up tried again; return how many items."""
    with platform.database.begin() as transaction:
        return given_up.retry(transaction, given_up.latest(transaction), operator)

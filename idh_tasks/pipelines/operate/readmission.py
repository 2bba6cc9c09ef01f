"""Has held deliveries tried again."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.db import quarantine
from idh_tasks.pipelines.platform import Platform


def readmit(platform: Platform, subjects: Sequence[str], operator: str) -> int:
    """Have the next night try again the deliveries that held subjects came with; return their number."""
    with platform.database.begin() as transaction:
        return quarantine.readmit(transaction, subjects, operator)


def readmit_code(platform: Platform, code: Code, operator: str) -> int:
    """Have the next night try again every delivery that is held with a code; return their number."""
    with platform.database.begin() as transaction:
        return quarantine.readmit(transaction, quarantine.returning(transaction, code), operator)

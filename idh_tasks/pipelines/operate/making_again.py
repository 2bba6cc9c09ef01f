"""Starts and stops preparing studies again: those of an earlier version, and those that failed with the present one."""

from idh_tasks.codes import Code
from idh_tasks.db import plans
from idh_tasks.domain.again import Scope
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform, preprocessing_version


def start(platform: Platform, scope: Scope, shown: str, operator: str) -> int:
    """Have studies prepared again, the newest first; return how many were added. What failed comes with what is new.

    Parameters
    ----------
    shown
        The version for which the operator has seen the plan.

    Raises
    ------
    RunRefusedError
        ``E_NOT_SHOWN`` if it is not the present version.
    """
    present = preprocessing_version(platform)
    if shown != present:
        raise RunRefusedError(
            Code.E_NOT_SHOWN, "code or settings have changed since the plan was shown; look at it again"
        )
    with platform.database.begin() as transaction:
        if scope is Scope.FAILED:
            return plans.retry_failed(transaction, present, operator)
        return plans.make_again(transaction, present, operator, only_labelled=scope is Scope.LABELLED)


def stop(platform: Platform, operator: str) -> int:
    """Make none of them again that is not begun; return how many these are."""
    with platform.database.begin() as transaction:
        return plans.stop_making_again(transaction, preprocessing_version(platform), operator)

"""A DAG's step: Airflow's task, with our errors turned into fail, skip or retry."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

P = ParamSpec("P")
R = TypeVar("R")


def outcomes(function: Callable[P, R]) -> Callable[P, R]:
    """Translate errors by their consequence; the text of an unknown one stays behind."""

    @functools.wraps(function)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        from idh_tasks.errors import IdhError, TransientError, as_idh_error

        try:
            return function(*args, **kwargs)
        except TransientError as error:
            raise AirflowException(str(error)) from None
        except IdhError as error:
            raise AirflowFailException(str(error)) from None
        except (AirflowException, AirflowSkipException):
            raise
        except Exception as error:  # a library's text may hold values
            raise AirflowException(str(as_idh_error(error))) from None

    return translated


def step(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as a task of ours; options are those of ``airflow.sdk.task``."""

    def decorate(function: Callable[..., Any]) -> Any:
        return task(**options)(outcomes(function))

    return decorate


def skip_unless(worth_it: object, reason: str) -> None:
    """End a step as skipped, with its reason, so that nothing downstream starts for nothing.

    Raises
    ------
    AirflowSkipException
        If `worth_it` is false.
    """
    if not worth_it:
        raise AirflowSkipException(reason)

"""A step of a DAG: Airflow's task, with the platform's errors turned into failure, skip or retry."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

P = ParamSpec("P")
R = TypeVar("R")


def outcomes(function: Callable[P, R]) -> Callable[P, R]:
    """Translate errors by their consequence; the text of an unknown error is dropped."""

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
        except Exception as error:  # the text of a library's error may contain patient data
            raise AirflowException(str(as_idh_error(error))) from None

    return translated


def step(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as a step; options are those of ``airflow.sdk.task``."""

    def decorate(function: Callable[..., Any]) -> Any:
        return task(**options)(outcomes(function))

    return decorate


def skip_unless(work: object, reason: str) -> None:
    """Skip a step and what follows it, with a reason, if there is nothing to do.

    Raises
    ------
    AirflowSkipException
        If `work` is falsy.
    """
    if not work:
        raise AirflowSkipException(reason)

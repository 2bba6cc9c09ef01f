"""A DAG's step: Airflow's task, with our errors turned into fail, skip or retry."""

import functools
import traceback
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
        from idh_tasks.errors import IdhError, TransientError  # noqa: PLC0415 - tasks only

        try:
            return function(*args, **kwargs)
        except TransientError as error:
            raise AirflowException(str(error)) from None
        except IdhError as error:
            raise AirflowFailException(str(error)) from None
        except (AirflowException, AirflowSkipException):
            raise
        except Exception as error:
            # Its text and the frames' locals may hold a patient's data: only type and place are told.
            raise AirflowException(f"E_UNEXPECTED: {type(error).__name__} at {_place(error)}") from None

    return translated


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"


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

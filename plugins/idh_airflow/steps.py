"""A step of a DAG: Airflow's task, with the platform's errors turned into failure, skip or retry."""

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from airflow.sdk import Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from idh_airflow.closing import NothingNewError, Says, announcing, conclude, concluding, is_nothing
from idh_airflow.task_docs import task_doc

if TYPE_CHECKING:
    from idh_tasks.errors import IdhError

FAULT = "fault"
"""The XCom in which a failed task keeps the code and the reason of its error, for the page of the morning."""

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def outcomes(function: Callable[P, R]) -> Callable[P, R]:
    """Translate errors by their consequence; the text of an unknown error is dropped."""

    @functools.wraps(function)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        from idh_tasks.errors import IdhError, TransientError, as_idh_error

        try:
            return function(*args, **kwargs)
        except TransientError as error:
            raise AirflowException(_concluded(error)) from None
        except IdhError as error:
            raise AirflowFailException(_concluded(error)) from None
        except AirflowSkipException as skip:
            conclude(f"Nothing new: {skip}.")
            raise
        except AirflowException:
            raise
        except Exception as error:  # the text of a library's error may contain patient data
            raise AirflowException(_concluded(as_idh_error(error))) from None

    return translated


def _concluded(error: "IdhError") -> str:
    """End the task with the error and its remedy, keep its code and reason, and return the error as text."""
    with suppress(RuntimeError):  # outside of a task there is no context
        get_current_context()["ti"].xcom_push(FAULT, {"code": str(error.code), "reason": error.reason})
    conclude(f"Failed with {error}. What to do: {error.code.remedy}")
    return str(error)


def step(says: Says, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as a step.

    Parameters
    ----------
    says
        The sentence with which the step ends, if it does not fail or skip and found something new.
    options
        Those of ``airflow.sdk.task``. A step announces its outlets, with the counts that it returns, if it found
        something new (see `new_unless_empty`).

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if a variable of this process is unknown or not valid: Airflow shows it as an import error.
    """
    from idh_tasks.configuration.problems import refuse_problems

    refuse_problems(os.environ)
    return tolerant_step(says, **options)


def tolerant_step(says: Says, outlets: Sequence[Asset] = (), **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function as a step of the DAG that reports bad variables, and therefore runs in spite of them."""

    def decorate(function: Callable[..., Any]) -> Any:
        closed = concluding(outcomes(function), says, outlets)
        documented = options if "doc_md" in options else {"doc_md": task_doc(function), **options}
        return task(show_return_value_in_logs=False, outlets=[*map(announcing, outlets)], **documented)(closed)

    return decorate


def is_last_try() -> bool:
    """Return whether Airflow does not repeat the running task by itself if it fails."""
    running = get_current_context()["ti"]
    return running.try_number > running.max_tries


def skip_unless(work: T | None, reason: str) -> T:
    """Return the work, or skip a step and what follows it, with a reason, if there is nothing to do.

    Parameters
    ----------
    work
        Anything empty is no work, and neither are counts that are all 0.

    Raises
    ------
    AirflowSkipException
        If there is no work.
    """
    if work is None or is_nothing(work):
        raise AirflowSkipException(reason)
    return work


def new_unless_empty(found: T | None, reason: str) -> T:
    """Return what a step has found, or end it as successful with a reason and without announcing anything.

    Parameters
    ----------
    found
        As the work of `skip_unless`.

    Raises
    ------
    NothingNewError
        If it is empty.
    """
    if found is None or is_nothing(found):
        raise NothingNewError(reason)
    return found

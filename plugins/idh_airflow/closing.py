"""How a task ends: with one sentence in its log and for its run, and with events of its assets if something is new."""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from airflow.sdk import Asset, AssetAlias, get_current_context
from airflow.sdk.exceptions import AirflowException

P = ParamSpec("P")
R = TypeVar("R")
Says = str | Callable[[Any], str]
"""The last sentence of a step: a text with `{}` for what it returned, or a function of that."""

SUMMARY = "summary"
"""The XCom with the sentence."""
log = logging.getLogger(__name__)


class NothingNewError(AirflowException):
    """Ends a step that has done its work and found nothing new: it succeeds, and announces nothing."""


def announcing(asset: Asset) -> AssetAlias:
    """Return what a step has as its outlet: Airflow announces an asset itself whenever the step succeeds."""
    return AssetAlias(f"new {asset.name}", group=asset.group)


def conclude(sentence: str) -> None:
    """Write the last sentence of the running task, and keep it for its run; outside of a task nothing happens.

    It is written before Airflow ends the task, because what comes later is folded away in the view of the log. What
    Airflow's operator says in between is switched off in docker/airflow.env.
    """
    try:
        running = get_current_context()["ti"]
    except RuntimeError:
        return
    log.info("%s", sentence)
    running.xcom_push(key=SUMMARY, value=sentence)


def concluding(function: Callable[P, R], says: Says, outlets: Sequence[Asset]) -> Callable[P, R | None]:
    """Let a step end with a sentence, and announce its assets with the counts that it returned, if anything is new."""

    @functools.wraps(function)
    def concluded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            result = function(*args, **kwargs)
        except NothingNewError as nothing:
            conclude(f"Nothing new: {nothing}.")
            return None
        conclude(says(result) if callable(says) else _counted(says, result))
        _announce(outlets, result if isinstance(result, Mapping) else {})
        return result

    return concluded


def _counted(says: str, result: Any) -> str:
    sentence = says.format(worded(result))
    return f"Nothing new. {sentence}" if sentence != says and is_nothing(result) else sentence


def is_nothing(found: object) -> bool:
    """Return whether a step has found nothing: it is empty, or all its counts are 0."""
    return not found or (isinstance(found, Mapping) and all(count == 0 for count in found.values()))


def _announce(outlets: Sequence[Asset], counts: Mapping[str, Any]) -> None:
    if outlets:
        events = get_current_context()["outlet_events"]
        for asset in outlets:
            events[announcing(asset)].add(asset, extra=dict(counts))


def worded(result: Any) -> str:
    """Return what a step returned, in words: a list is counted, and counts are listed."""
    if isinstance(result, Mapping):
        return ", ".join(f"{count} {name}" for name, count in result.items()) or "none"
    return str(len(result) if isinstance(result, list) else result)

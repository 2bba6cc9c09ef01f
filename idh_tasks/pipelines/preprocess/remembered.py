"""Makes what several sequences of a study share once, also where it turns out to be refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from idh_tasks.errors import IdhError

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def remembered(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let an object remember what a method returned for its arguments, or the `IdhError` that it raised."""

    @wraps(method)
    def recall(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        outcomes: dict[tuple[object, ...], Any] = vars(self).setdefault("_remembered", {})
        key = (method.__name__, *args, *kwargs.items())
        if key not in outcomes:
            try:
                outcomes[key] = method(self, *args, **kwargs)
            except IdhError as error:
                outcomes[key] = error
        outcome: T | IdhError = outcomes[key]
        if isinstance(outcome, IdhError):
            raise outcome
        return outcome

    return recall

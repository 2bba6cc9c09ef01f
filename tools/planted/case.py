"""A planted error: how the study is read, and whether what comes out is right nevertheless."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.errors import OutlineAwaitsReviewError
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from tools.planted.study import Study


class Outcome(StrEnum):
    """What became of a planted error."""

    REFUSED = "refused"
    ASKED = "asked"
    FLAGGED = "flagged"
    REPAIRED = "repaired"
    MISSED = "missed"


@dataclass(frozen=True)
class Verdict:
    """The outcome, with the code of a refusal or the flags of a result."""

    outcome: Outcome
    detail: str = ""


def _no_flags(_result: Any) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Case:
    """A study with one error.

    Attributes
    ----------
    read
        Does what preprocessing does, and raises a refusal or returns what would be used.
    is_right
        Whether that is the same as without the error.
    flags
        The flags of a result which the study without the error does not have; they may take long to find.
    """

    read: Callable[[], Any]
    is_right: Callable[[Any], bool]
    flags: Callable[[Any], Iterable[str]] = _no_flags


Plant = Callable[[Study, np.random.Generator], Case]
"""Plants an error in a study; the generator decides about place and size."""


@dataclass(frozen=True)
class Kind:
    """A kind of error; a costly one needs a registration, a patch or an outline."""

    group: str
    name: str
    plant: Plant
    costly: bool = False


def kinds(group: str, plants: Iterable[Plant], *, costly: bool = False) -> tuple[Kind, ...]:
    """Return kinds that are called like the functions that plant them."""
    return tuple(Kind(group, plant.__name__.strip("_").replace("_", " "), plant, costly) for plant in plants)


def judge(case: Case) -> Verdict:
    """Read a case and compare the result with the truth."""
    try:
        result = case.read()
    except Exception as error:  # as in preprocessing, where an unforeseen fault costs its sequence
        return _refused(error)
    if case.is_right(result):
        return Verdict(Outcome.REPAIRED)
    try:
        flags = sorted(case.flags(result))
    except Exception as error:
        return _refused(error)
    return Verdict(Outcome.FLAGGED, " ".join(flags)) if flags else Verdict(Outcome.MISSED)


def _refused(error: Exception) -> Verdict:
    refusal = as_refusal(error)
    asked = isinstance(refusal, OutlineAwaitsReviewError) or refusal.code is Code.W_LOW_CONFIDENCE
    return Verdict(Outcome.ASKED if asked else Outcome.REFUSED, str(refusal.code))

"""Chooses the series of a study that is used for an MR sequence."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.errors import SeriesRejectedError


def choose_series(series: Sequence[SeriesRecord], sequence: MrSequence) -> SeriesRecord:
    """Return the first usable series of a sequence; `series` is in order of preference (select_series.sql).

    Raises
    ------
    SeriesRejectedError
        ``W_MISSING_SEQUENCE`` if there is none, ``W_LOW_CONFIDENCE`` if none was identified with confidence, or the
        fault of the preferred one.
    """
    candidates = [one for one in series if one.identification.sequence is sequence]
    if not candidates:
        raise SeriesRejectedError(Code.W_MISSING_SEQUENCE, f"the study has no {sequence}")
    identified = _identified(series, sequence)
    if not identified:
        raise SeriesRejectedError(
            Code.W_LOW_CONFIDENCE, f"no series could be identified as {sequence} with sufficient confidence"
        )
    usable = usable_series(series, sequence)
    if not usable and (fault := identified[0].fault):
        raise SeriesRejectedError(fault.code, fault.reason)
    return usable[0]


def usable_series(series: Sequence[SeriesRecord], sequence: MrSequence) -> list[SeriesRecord]:
    """Return the series of a sequence that were identified with confidence and have no fault."""
    return [one for one in _identified(series, sequence) if one.fault is None]


def _identified(series: Sequence[SeriesRecord], sequence: MrSequence) -> list[SeriesRecord]:
    named = [one for one in series if one.identification.sequence is sequence]
    return [one for one in named if one.identification.confidence is Confidence.HIGH]

"""Lists the series of a study that may be used for an MR sequence."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.errors import SeriesRejectedError


def usable_series(series: Sequence[SeriesRecord], sequence: MrSequence) -> list[SeriesRecord]:
    """Return the usable series of a sequence; `series` is in order of preference (select_series.sql).

    Raises
    ------
    SeriesRejectedError
        ``W_MISSING_SEQUENCE`` if there is none, ``W_LOW_CONFIDENCE`` if none was identified with confidence, or the
        fault of the preferred one if each has a fault.
    """
    named = [one for one in series if one.identification.sequence is sequence]
    if not named:
        raise SeriesRejectedError(Code.W_MISSING_SEQUENCE, f"the study has no {sequence}")
    identified = [one for one in named if one.identification.confidence is Confidence.HIGH]
    if not identified:
        raise SeriesRejectedError(
            Code.W_LOW_CONFIDENCE, f"no series could be identified as {sequence} with sufficient confidence"
        )
    usable = [one for one in identified if one.fault is None]
    if not usable and (fault := identified[0].fault):
        raise SeriesRejectedError(fault.code, fault.reason)
    return usable

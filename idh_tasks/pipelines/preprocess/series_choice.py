"""Lists the series of a study that may be used for an MR sequence, and those whose name is not sure."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.errors import SeriesRejectedError

MAP_SOURCES = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}
"""The series from which a map is computed if it was not delivered."""


def doubtful_series(series: Sequence[SeriesRecord]) -> list[SeriesRecord]:
    """Return the series whose name a person should decide: of a sequence that the study has no surely named series of.

    A map and the series from which it is computed stand for one another.
    """
    sure = {_network(one) for one in series if one.identification.confidence is Confidence.HIGH and one.fault is None}
    return [
        one
        for one in series
        if one.identification.confidence is Confidence.LOW
        and one.fault is None
        and _network(one) in MODEL_SEQUENCES
        and _network(one) not in sure
    ]


def _network(series: SeriesRecord) -> MrSequence:
    """Return the sequence whose network a series serves."""
    sequence = series.identification.sequence
    return next((served for served, source in MAP_SOURCES.items() if source is sequence), sequence)


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

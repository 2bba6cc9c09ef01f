"""Lists the series of a study that may be used for an MR sequence, and those whose name is not sure."""

from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.errors import SeriesRejectedError

MAP_SOURCES = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}
"""The series from which a map is computed if it was not delivered."""
ANY_T1 = frozenset({MrSequence.T1, MrSequence.MPRAGE, MrSequence.T1C})
"""What a T1 may be that was stored before the platform kept what a series may be."""


def doubtful_series(series: Sequence[SeriesRecord]) -> list[SeriesRecord]:
    """Return the series whose name a person should decide: each that may be a sequence which the study lacks.

    A map and the series from which it is computed stand for one another. What the platform concluded is only one of the
    answers: a 3D T1 of which nothing says whether it was acquired after contrast may be the MPRAGE.
    """
    lacking = _lacking(series)
    unsure = (one for one in series if one.identification.confidence is Confidence.LOW and one.fault is None)
    return [one for one in unsure if lacking & {_network(sequence) for sequence in _may_be(one)}]


def _lacking(series: Sequence[SeriesRecord]) -> set[MrSequence]:
    """Return the sequences of which no series is sure; a T1C is needed only where it stands in for the MPRAGE."""
    sure = {
        _network(one.identification.sequence)
        for one in series
        if one.identification.confidence is Confidence.HIGH and one.fault is None
    }
    needed = set(MODEL_SEQUENCES) | (set() if MrSequence.MPRAGE in sure else {MrSequence.T1C})
    return needed - sure


def _may_be(series: SeriesRecord) -> set[MrSequence]:
    concluded = series.identification.sequence
    return {concluded, *(series.physics.may_be or (ANY_T1 if concluded in ANY_T1 else ()))}


def _network(sequence: MrSequence) -> MrSequence:
    """Return the sequence whose network a series serves."""
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

"""Of the series of a sequence, those without a fault are used in order, or the reason is reported."""

import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Fault, Identification, SeriesId, SeriesRecord
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.pipelines.preprocess.series_choice import doubtful_series, usable_series

GAP = Fault(Code.E_GEOMETRY_GAP, "a slice is missing")


def t1(name: str, fault: Fault | None = None, confidence: Confidence = Confidence.HIGH) -> SeriesRecord:
    return SeriesRecord(SeriesId(name), Identification(MrSequence.T1, confidence, ""), name, "", 1, fault)


def test_the_series_without_a_fault_may_be_used() -> None:
    series = [t1("unsure", confidence=Confidence.LOW), t1("faulty", GAP), t1("good"), t1("later")]
    assert [one.series_id for one in usable_series(series, MrSequence.T1)] == ["good", "later"]


@pytest.mark.parametrize(
    ("series", "code"),
    [
        ([], "W_MISSING_SEQUENCE"),
        ([t1("unsure", confidence=Confidence.LOW)], "W_LOW_CONFIDENCE"),
        ([t1("faulty", GAP)], "E_GEOMETRY_GAP"),
    ],
)
def test_without_a_usable_series_the_reason_is_reported(series: list[SeriesRecord], code: str) -> None:
    with pytest.raises(SeriesRejectedError, match=code):
        usable_series(series, MrSequence.T1)


def named(name: str, sequence: MrSequence, confidence: Confidence, fault: Fault | None = None) -> SeriesRecord:
    return SeriesRecord(SeriesId(name), Identification(sequence, confidence, ""), name, "", 1, fault)


@pytest.mark.parametrize(
    ("series", "asked"),
    [
        ([named("a", MrSequence.T2, Confidence.LOW)], ["a"]),
        ([named("a", MrSequence.T2, Confidence.LOW), named("b", MrSequence.T2, Confidence.LOW)], ["a", "b"]),
        ([named("a", MrSequence.T2, Confidence.LOW), named("b", MrSequence.T2, Confidence.HIGH)], []),
        ([named("a", MrSequence.T2, Confidence.LOW), named("b", MrSequence.T2, Confidence.HIGH, GAP)], ["a"]),
        ([named("a", MrSequence.DWI, Confidence.LOW), named("b", MrSequence.ADC, Confidence.HIGH)], []),
        ([named("a", MrSequence.ADC, Confidence.LOW), named("b", MrSequence.DWI, Confidence.HIGH)], []),
        ([named("a", MrSequence.DSC, Confidence.LOW)], ["a"]),
        ([named("a", MrSequence.T2, Confidence.LOW, GAP)], []),
        ([named("a", MrSequence.OTHER, Confidence.LOW), named("b", MrSequence.T1C, Confidence.LOW)], []),
    ],
)
def test_a_person_is_asked_about_a_sequence_of_which_no_series_is_sure(
    series: list[SeriesRecord], asked: list[str]
) -> None:
    assert [one.series_id for one in doubtful_series(series)] == asked

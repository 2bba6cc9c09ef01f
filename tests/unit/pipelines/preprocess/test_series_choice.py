"""Of the series of a sequence, those without a fault are used in order, or the reason is reported."""

from dataclasses import replace

import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Fault, Identification, SeriesId, SeriesPhysics, SeriesRecord
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


SURE_T1 = [named(one, one, Confidence.HIGH) for one in (MrSequence.T1, MrSequence.MPRAGE)]


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
        ([named("a", MrSequence.OTHER, Confidence.LOW)], []),
        ([named("a", MrSequence.T1C, Confidence.LOW)], ["a"]),
        ([named("a", MrSequence.T1C, Confidence.LOW), *SURE_T1], []),
        ([named("a", MrSequence.T1, Confidence.LOW), named("b", MrSequence.T1, Confidence.HIGH)], ["a"]),
        ([named("a", MrSequence.T1, Confidence.LOW), *SURE_T1], []),
    ],
)
def test_a_person_is_asked_about_a_sequence_of_which_no_series_is_sure(
    series: list[SeriesRecord], asked: list[str]
) -> None:
    assert [one.series_id for one in doubtful_series(series)] == asked


@pytest.mark.parametrize(
    ("may_be", "asked"),
    [({MrSequence.T1, MrSequence.T2}, ["a"]), ({MrSequence.T1}, []), ({MrSequence.DSC}, ["a"]), ({MrSequence.ADC}, [])],
)
def test_a_person_is_asked_about_a_series_that_may_be_what_the_study_lacks(
    may_be: set[MrSequence], asked: list[str]
) -> None:
    unsure = replace(named("a", MrSequence.T1, Confidence.LOW), physics=SeriesPhysics(may_be=frozenset(may_be)))
    sure = [*SURE_T1, named("c", MrSequence.DWI, Confidence.HIGH)]
    assert [one.series_id for one in doubtful_series([unsure, *sure])] == asked

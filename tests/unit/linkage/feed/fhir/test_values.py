"""Values: words, codes, interpretations; whatever contradicts itself is inconclusive."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.words.results import read_assays
from tests.unit.linkage.feed.fhir.bundles import LOINC, SNOMED, bundle, coded, observation, only, patient, report

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
POSITIVE: list[dict[str, Any]] = [
    {"valueString": "positive"}, {"valueBoolean": True}, {"interpretation": [coded(INTERPRETATION, "POS")]},
    {"valueCodeableConcept": {"text": "detected"}}, {"valueCodeableConcept": coded(SNOMED, "10828004")},
    {"valueCodeableConcept": coded(SNOMED, "260373001", "Detected (qualifier value)")},
    {"valueCodeableConcept": coded(SNOMED, "52101004", "Present")},
    {"valueCodeableConcept": coded(LOINC, "LA9633-4", "Present")},
]  # fmt: skip
NEGATIVE: list[dict[str, Any]] = [
    {"valueString": "negative"}, {"valueBoolean": False}, {"interpretation": [coded(INTERPRETATION, "NEG")]},
    {"valueCodeableConcept": {"text": "not detected"}}, {"valueCodeableConcept": coded(SNOMED, "260385009")},
    {"valueCodeableConcept": coded(SNOMED, "260415000", "Not detected")},
    {"valueCodeableConcept": coded(SNOMED, "2667000", "Absent")},
    {"valueCodeableConcept": coded(LOINC, "LA9634-2")},
]  # fmt: skip
OPEN: list[dict[str, Any]] = [
    {}, {"valueCodeableConcept": coded(SNOMED, "123456")}, {"valueQuantity": {"value": 0.4}},
    {"valueCodeableConcept": coded("http://local", "NEG")}, {"valueCodeableConcept": coded(SNOMED, "82334004")},
    {"valueString": "negative", "dataAbsentReason": {"text": "failed"}},
    {"interpretation": [{"coding": [{"code": "A"}]}]},
    {"interpretation": [coded(INTERPRETATION, "IND")]}, {"valueString": "see letter"},
    {"valueCodeableConcept": coded(SNOMED, "260385009", "positive")},
    {"valueCodeableConcept": coded(SNOMED, "260385009") | {"text": "R132H found"}},
    {"valueCodeableConcept": {"coding": [*coded(SNOMED, "260385009")["coding"], *coded(SNOMED, "10828004")["coding"]]}},
    {"valueString": "negative", "note": [{"text": "the sample was mixed up"}]},
]  # fmt: skip


def read(value: dict[str, Any], name: str = "IDH1 codon 132 sequencing") -> AssayResult:
    [assay] = only(bundle(patient(), observation("a", name, **value), report("a"))).assays
    [stated] = read_assays(assay.method, assay.result)
    return stated.result


@pytest.mark.parametrize("value", POSITIVE)
def test_every_form_of_positive_is_positive(value: dict[str, Any]) -> None:
    assert read(value) is AssayResult.POSITIVE


@pytest.mark.parametrize("value", NEGATIVE)
def test_every_form_of_negative_is_negative(value: dict[str, Any]) -> None:
    assert read(value) is AssayResult.NEGATIVE


@pytest.mark.parametrize("value", OPEN)
def test_what_was_not_understood_is_unknown(value: dict[str, Any]) -> None:
    assert read(value) is AssayResult.UNKNOWN


@given(st.sampled_from(POSITIVE), st.sampled_from(NEGATIVE))
def test_value_and_interpretation_that_contradict_each_other_are_unknown(
    positive: dict[str, Any], negative: dict[str, Any]
) -> None:
    for value, code in ((positive, "NEG"), (negative, "POS"), (positive, "N"), (negative, "A")):
        if "interpretation" not in value:
            assert read(value | {"interpretation": [coded(INTERPRETATION, code)]}) is AssayResult.UNKNOWN


@given(st.sampled_from(POSITIVE + NEGATIVE + OPEN), st.sampled_from(["", "123456", "LA9999-9", "x"]))
def test_an_unknown_code_beside_a_value_never_turns_it_round(value: dict[str, Any], code: str) -> None:
    before = read(value)
    concept = value.get("valueCodeableConcept")
    if concept and code:
        more = {"coding": [*concept.get("coding", []), {"system": "http://local", "code": code}]}
        assert read(value | {"valueCodeableConcept": concept | more}) in (before, AssayResult.UNKNOWN)


def test_a_reason_for_absent_data_is_no_result() -> None:
    missing = observation("a", dataAbsentReason={"text": "not performed"})
    assert [a.result for a in only(bundle(patient(), missing, report("a"))).assays] == [""]


@pytest.mark.parametrize("name", ["IDH1 wild-type by sequencing", "No IDH1 mutation", "IDH1 sequencing failed"])
def test_true_to_a_reversed_question_is_unknown(name: str) -> None:
    assert read({"valueBoolean": True}, name) is AssayResult.UNKNOWN

"""Surgery: only a completed one that certainly belongs to the specimen has a date."""

from datetime import date
from typing import Any

import pytest

from idh_tasks.linkage.feed.fhir.reader import read_fhir
from tests.unit.linkage.feed.fhir.bundles import (
    SNOMED,
    Resource,
    bundle,
    coded,
    observation,
    only,
    patient,
    procedure,
    refusals,
    report,
    specimen,
)

SEPTEMBER = date(2019, 9, 1)
NAMED = {"specimen": [{"reference": "Specimen/s"}]}


def surgery(*procedures: Resource, **changes: Any) -> date | None:
    return only(bundle(patient(), *procedures, report(**changes))).surgery_date


@pytest.mark.parametrize(
    "text",
    ["Craniotomy with excision of tumor", "Resection of brain tumour", "Stereotactic biopsy of brain",
     "Hirntumorresektion",
     "Kraniotomie", "Craniectomy, trephination, bone flap craniotomy; for excision of brain tumor, supratentorial",
     "Awake craniotomy with local anaesthesia",
     "Exstirpation eines Hirntumors",
     "Craniotomia con asportazione", "Exérèse de tumeur cérébrale"],
)  # fmt: skip
def test_the_surgery_of_a_tumour_has_a_date(text: str) -> None:
    assert surgery(procedure(text=text)) == SEPTEMBER


@pytest.mark.parametrize(
    "text",
    ["External beam radiation therapy", "Strahlentherapie", "Stereotactic radiosurgery", "Gamma Knife", "Chemotherapy",
     "Craniotomy for evacuation of subdural haematoma", "Decompressive craniectomy", "Anaesthesia for craniotomy",
     "Appendectomy", "Liver biopsy", "Skin excision", "Cranioplasty", "Consultation before resection", "MRI of brain"],
)  # fmt: skip
def test_any_other_procedure_is_no_surgery_even_if_it_is_categorised_so(text: str) -> None:
    assert surgery(procedure(text=text)) is None
    assert surgery(procedure(text=text, category=coded(SNOMED, "387713003"))) is None
    assert surgery(procedure(), procedure("x", text, performedDateTime="2019-11-20")) == SEPTEMBER


@pytest.mark.parametrize("state", ["not-done", "in-progress", "entered-in-error", "preparation", "stopped", "unknown"])
def test_a_procedure_that_was_not_completed_is_no_surgery(state: str) -> None:
    assert surgery(procedure(status=state)) is None


def test_a_surgery_is_recognised_by_code_or_category() -> None:
    assert surgery(procedure(code=coded(SNOMED, "25353009"))) == SEPTEMBER
    assert surgery(procedure(code=coded("http://fhir.de/CodeSystem/bfarm/ops", "5-015.1"))) == SEPTEMBER
    assert surgery(procedure(code=None, category=coded(SNOMED, "387713003"))) == SEPTEMBER
    assert surgery(procedure(code=None)) is None
    assert surgery(procedure(category=coded(SNOMED, "108290001"), code=coded(SNOMED, "33195004"))) is None


@pytest.mark.parametrize(
    ("performed", "known"),
    [
        ({"performedDateTime": "2019-09-01T23:30:00-08:00"}, SEPTEMBER), ({"performedDateTime": "2019-09"}, None),
        ({"performedDateTime": "2019"}, None), ({"performedString": "in September"}, None),
        ({"performedPeriod": {"start": "2019-09-01T08:00:00+02:00", "end": "2019-09-02"}}, SEPTEMBER),
        ({"performedPeriod": {"end": "2019-09-02"}}, None), ({"performedPeriod": {"start": "2019-09"}}, None),
        ({"performedRange": {"low": {"value": 61}}}, None), ({}, None),
    ],
)  # fmt: skip
def test_the_date_is_that_of_the_beginning_where_it_is_known_to_the_day(
    performed: Resource, known: date | None
) -> None:
    assert surgery(procedure() | {"performedDateTime": None} | performed) == known


def test_of_several_surgeries_none_counts_unless_the_specimen_tells_which() -> None:
    second = procedure("o2", performedDateTime="2019-09-05")
    assert surgery(procedure(), second) is None
    assert surgery(procedure(), second, specimen(), **NAMED) == SEPTEMBER
    assert surgery(procedure(report=[{"reference": "DiagnosticReport/r"}]), second) == SEPTEMBER
    stay: Resource = {"encounter": {"reference": "Encounter/e"}}
    assert surgery(procedure(**stay), second, **stay) == SEPTEMBER
    ordered = {"basedOn": [{"reference": "ServiceRequest/q"}]}
    assert surgery(procedure(), second | ordered, **ordered) == date(2019, 9, 5)
    extension = [{"url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Specimen.collection.procedure",
                  "valueReference": {"reference": "Procedure/o2"}}]  # fmt: skip
    taken = specimen(collection={"collectedDateTime": "2019-09-07", "extension": extension})
    assert surgery(procedure(), second, taken, **NAMED) == date(2019, 9, 5)


def test_a_surgery_after_the_specimen_was_collected_is_another_one() -> None:
    assert surgery(procedure(performedDateTime="2019-09-05"), specimen(), **NAMED) is None
    assert surgery(procedure(performedDateTime="2019-09-02"), specimen(), **NAMED) == date(2019, 9, 2)
    assert surgery(procedure(performedDateTime="2019-08-31"), specimen(), **NAMED) == date(2019, 8, 31)


def test_a_surgery_after_the_report_was_issued_is_another_one() -> None:
    later = procedure("o2", performedDateTime="2020-02-01")
    assert surgery(later) is None
    assert surgery(procedure(), later) == SEPTEMBER
    assert surgery(procedure(), later, issued=None, meta={"versionId": "3"}) is None


def test_the_surgery_of_another_patient_has_no_date_for_this_one() -> None:
    other = patient(id="q", identifier=[{"system": "H", "value": "0099"}])
    assert surgery(other, procedure(subject={"reference": "Patient/q"})) is None
    assert surgery(procedure(subject={"reference": "Patient/x"})) is None


def test_a_procedure_that_cannot_be_read_might_be_the_surgery() -> None:
    assert "a procedure of the patient cannot be read" in refusals(bundle(patient(), procedure(unknown=1), report()))
    other = patient(id="q", identifier=[{"system": "H", "value": "0099"}])
    theirs = procedure(unknown=1, subject={"reference": "Patient/q"})
    assert len(read_fhir(bundle(patient(), other, theirs, report())).reports) == 1


def test_a_result_may_state_the_date_of_surgery_and_must_agree_with_the_procedures() -> None:
    def stated(day: str) -> Resource:
        return observation("d", "Date of surgery", valueDateTime=day)

    results = {"result": [{"reference": "Observation/d"}]}
    assert surgery(stated("2019-09-01"), procedure(), **results) == SEPTEMBER
    assert surgery(stated("2019-09"), **results) is None
    assert "different days" in refusals(bundle(patient(), stated("2019-09-03"), procedure(), report("d")))[0]

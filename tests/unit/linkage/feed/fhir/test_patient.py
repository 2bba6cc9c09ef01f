"""Patients: the hospital's number, dates that are known, and merges by links."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from idh_tasks.linkage.feed.fhir.reader import read_fhir
from tests.unit.linkage.feed.fhir.bundles import Resource, bundle, only, patient, refusals, report

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def number(value: str, kind: str = "", **changes: Any) -> Resource:
    stated = {"type": {"coding": [{"system": TYPES, "code": kind}]}} if kind else {}
    return {"system": "H", "value": value} | stated | changes


def of(*identifiers: Resource, **changes: Any) -> bytes:
    return bundle(patient(identifier=list(identifiers), **changes), report())


@pytest.mark.parametrize(
    "others",
    [
        [number("1", "SS")], [number("1", "NH")], [number("1", "NI")], [number("1", "MR", use="old")],
        [number("1", "MR", period={"end": "2018"})], [number("1", "MR", period={"end": "2018-06-01"})],
        [number("1")], [number("1", "PI")], [number("1", use="temp")],
        [number("1", "MR", use="old"), number("2", "SS"), number("3")],
    ],
)  # fmt: skip
def test_the_medical_record_number_is_used_wherever_it_stands(others: list[Resource]) -> None:
    for identifiers in ([*others, number("0012", "MR")], [number("0012", "MR"), *others]):
        assert only(of(*identifiers)).patient_id == "0012"


@pytest.mark.parametrize(
    "identifiers",
    [
        [], [number("1", "SS")], [number("1", "XX")], [number("1", "MR", use="old")], [number("1"), number("2")],
        [number("1", "MR"), number("2", "MR")], [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "1"}],
        [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "1"}], [{"system": "H"}],
        [{"system": "H", "value": "1", "type": {"text": "insurance"}}],
    ],
)  # fmt: skip
def test_a_patient_without_one_certain_number_is_refused(identifiers: list[Resource]) -> None:
    assert len(refusals(of(*identifiers))) == 1


@pytest.mark.parametrize(
    ("assigner", "issuer"),
    [({}, "H"), ({"display": "Clinic"}, "Clinic"), ({"identifier": {"value": "RR8"}}, "RR8")],
)
def test_the_issuer_is_the_assigner_or_else_the_system(assigner: Resource, issuer: str) -> None:
    assert only(of(number("0012", assigner=assigner))).issuer == issuer


def test_of_several_numbers_that_of_the_configured_authority_is_used() -> None:
    content = of(number("1", "MR"), number("2", "MR", assigner={"display": "Clinic"}))
    [read] = read_fhir(content, authorities=["Clinic"]).reports
    assert (read.issuer, read.patient_id) == ("Clinic", "2")


@pytest.mark.parametrize(("stated", "known"), [("1958-03-04", date(1958, 3, 4)), ("1958-03", None), ("1958", None)])
def test_a_partial_birth_date_is_unknown(stated: str, known: date | None) -> None:
    assert only(bundle(patient(birthDate=stated), report())).birth_date == known


def test_a_gender_that_fhir_does_not_know_is_refused() -> None:
    assert len(refusals(bundle(patient(gender="F"), report()))) == 1


def linked(kind: str, **changes: Any) -> bytes:
    link = [{"type": kind, "other": {"reference": "Patient/q"}}]
    changed = {"meta": {"lastUpdated": "2019-01-01T12:00:00+02:00"}, "link": link} | changes
    return bundle(patient(**changed), patient(id="q", identifier=[number("0099")]), report())


@pytest.mark.parametrize(
    ("kind", "prior", "surviving"), [("replaced-by", "0012", "0099"), ("replaces", "0099", "0012")]
)
def test_a_link_that_names_the_surviving_record_is_a_merge(kind: str, prior: str, surviving: str) -> None:
    [merge] = read_fhir(linked(kind, active=kind == "replaces")).merges
    assert (merge.issuer, merge.prior_id, merge.surviving_id) == ("H", prior, surviving)
    assert merge.at == datetime(2019, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "changes"), [("replaced-by", {"meta": {}}), ("refer", {})])
def test_a_link_without_a_time_or_a_survivor_is_refused_and_the_report_read(kind: str, changes: Resource) -> None:
    read = read_fhir(linked(kind, **changes))
    assert (len(read.reports), read.merges, len(read.rejected)) == (1, (), 1)


def test_see_also_is_no_merge() -> None:
    read = read_fhir(linked("seealso"))
    assert (len(read.reports), read.merges, read.rejected) == (1, (), ())


def test_a_record_that_is_not_in_use_is_refused() -> None:
    assert refusals(bundle(patient(active=False), report())) == [
        "the patient's record is not in use, and none replaces it"
    ]


def test_each_report_belongs_to_its_own_patient() -> None:
    other = patient(id="q", identifier=[number("0099")])
    theirs = report(id="r2", identifier=[{"value": "R2"}], subject={"reference": "Patient/q"})
    read = read_fhir(bundle(patient(), other, report(), theirs))
    assert {(one.report_id, one.patient_id) for one in read.reports} == {("R1", "0012"), ("R2", "0099")}


def test_a_report_on_a_group_or_device_is_refused() -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    assert len(refusals(bundle(group, report(subject={"reference": "Group/g"})))) == 1

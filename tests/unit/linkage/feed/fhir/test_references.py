"""References: every form finds the same resource, a wrong one never another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.feed.fhir.reader import read_fhir
from tests.unit.linkage.feed.fhir.bundles import bundle, observation, only, patient, refusals, report

A, B = "https://a.example/fhir", "https://b.example/fhir"
URN = "urn:uuid:5ee15fbb-5332-41df-a6dc-a8d1be8f9fcb"
FORMS: list[tuple[str, str | None, dict[str, Any]]] = [
    ("relative", None, {"reference": "Patient/p"}),
    ("relative to a server", f"{A}/Patient/p", {"reference": "Patient/p"}),
    ("urn", URN, {"reference": URN}),
    ("absolute", f"{A}/Patient/p", {"reference": f"{A}/Patient/p"}),
    ("versioned", None, {"reference": "Patient/p/_history/2"}),
    ("absolute and versioned", f"{A}/Patient/p", {"reference": f"{A}/Patient/p/_history/2"}),
    ("identifier", None, {"type": "Patient", "identifier": {"system": "H", "value": "0012"}}),
]


def entry(resource: dict[str, Any], url: str | None) -> dict[str, Any]:
    return {"resource": resource} | ({"fullUrl": url} if url else {}) if url else resource


@given(st.sampled_from(FORMS), st.permutations(range(3)))
def test_every_form_of_a_reference_finds_the_patient_wherever_the_entry_stands(
    form: tuple[str, str | None, dict[str, Any]], order: list[int]
) -> None:
    _, url, reference = form
    of_report = f"{A}/DiagnosticReport/r" if url and url.startswith(A) else None
    entries = [
        entry(patient(meta={"versionId": "2"}), url),
        entry(report("a", subject=reference) | {"result": []}, of_report),
        patient(id="other", identifier=[{"system": "H", "value": "0099"}]),
    ]
    assert only(bundle(*(entries[index] for index in order))).patient_id == "0012"


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/x"}, {"reference": "Patient/p/_history/3"}, {"reference": f"{B}/Patient/p"},
        {"reference": URN}, {"reference": "#p"}, {"display": "Doe"}, {"identifier": {"value": "9"}},
        {"reference": "Observation/a"},
    ],
)  # fmt: skip
def test_a_reference_to_anything_else_is_refused(reference: dict[str, Any]) -> None:
    known = patient(meta={"versionId": "2"})
    reasons = refusals(bundle(known, observation("a", "Cells"), report(subject=reference, result=[])))
    assert len(reasons) == 1
    assert reasons[0]


def test_resources_of_two_servers_with_one_id_are_told_apart() -> None:
    other = patient(identifier=[{"system": "H", "value": "0099"}])
    entries = [entry(patient(), f"{A}/Patient/p"), entry(other, f"{B}/Patient/p")]
    mine = entry(report(), f"{A}/DiagnosticReport/r")
    assert only(bundle(*entries, mine)).patient_id == "0012"
    assert "several different resources" in refusals(bundle(patient(), other, report()))[-1]


def test_a_repeated_entry_counts_once_and_a_contradicted_one_not_at_all() -> None:
    twice = [entry(patient(), URN), entry(patient(), URN)]
    assert only(bundle(*twice, report(subject={"reference": URN}))).patient_id == "0012"
    changed = [entry(patient(), URN), entry(patient(gender="male"), URN)]
    assert len(refusals(bundle(*changed, report(subject={"reference": URN})))) == 3


def test_a_dangling_report_fails_alone_and_is_named_by_its_entry() -> None:
    neighbour = report("missing", id="r2", identifier=[{"value": "R2"}])
    read = read_fhir(bundle(patient(), report(), neighbour), "H")
    assert [one.report_id for one in read.reports] == ["R1"]
    assert [(one.report_id, one.line) for one in read.rejected] == [("R2", 3)]


def test_a_result_of_another_patient_is_refused() -> None:
    other = patient(id="q", identifier=[{"system": "H", "value": "0099"}])
    theirs = observation("a", valueString="positive", subject={"reference": "Patient/q"})
    assert refusals(bundle(patient(), other, theirs, report("a"))) == ["a result belongs to another patient"]


def test_the_same_patient_contained_again_is_not_another() -> None:
    again = observation("a", valueString="positive", subject={"reference": "#x"}, contained=[patient(id="x")])
    assert only(bundle(patient(), again, report("a"))).assays[0].result == "positive"


def test_a_result_may_come_from_a_document_that_is_not_read() -> None:
    document = {"resourceType": "DocumentReference", "id": "d", "status": "current", "content": []}
    sources = [{"reference": "DocumentReference/d"}, {"reference": "MolecularSequence/m"}, {"reference": URN}]
    result = observation("a", valueString="positive", derivedFrom=sources)
    assert only(bundle(patient(), entry(document, URN), result, report("a"))).assays[0].result == "positive"

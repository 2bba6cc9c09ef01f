"""Results: their status, panels, members, methods, and what must not be passed over."""

from typing import Any

import pytest

from idh_tasks.domain.pathology import ReportStatus
from idh_tasks.linkage.feed.fhir.reader import read_fhir
from tests.unit.linkage.feed.fhir.bundles import (
    LOINC,
    SEQUENCED,
    bundle,
    coded,
    negatives,
    observation,
    only,
    patient,
    refusals,
    report,
    specimen,
    status,
)


def result(**changes: Any) -> bytes:
    return bundle(patient(), observation("a", "IDH1 R132H IHC", **changes), report("a"))


@pytest.mark.parametrize("state", ["final", "amended", "corrected", "appended"])
def test_a_final_result_counts(state: str) -> None:
    assert status(result(status=state, valueString="positive")) == "mutant"


@pytest.mark.parametrize("state", ["entered-in-error", "cancelled", "unknown", "invented"])
def test_a_withdrawn_result_is_no_result(state: str) -> None:
    assert [a.result for a in only(result(status=state, valueString="positive")).assays] == [""]


@pytest.mark.parametrize("state", ["registered", "preliminary"])
def test_a_preliminary_result_is_pending(state: str) -> None:
    assert [a.result for a in only(result(status=state, valueString="positive")).assays] == ["pending"]


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("final", ReportStatus.FINAL), ("amended", ReportStatus.FINAL), ("appended", ReportStatus.FINAL),
        ("registered", ReportStatus.PRELIMINARY), ("partial", ReportStatus.PRELIMINARY),
        ("entered-in-error", ReportStatus.CANCELLED), ("cancelled", ReportStatus.CANCELLED),
        ("unknown", ReportStatus.CANCELLED),
    ],
)  # fmt: skip
def test_the_status_of_a_report_is_read(state: str, ours: ReportStatus) -> None:
    assert only(bundle(patient(), report(status=state))).status == ours


def test_a_report_with_an_invented_status_is_refused() -> None:
    assert refusals(bundle(patient(), report(status="perhaps?"))) == ["the status of the report is none of FHIR's"]


def test_a_withdrawn_report_is_read_without_its_results() -> None:
    content = bundle(patient(), report("missing", status="entered-in-error"))
    assert only(content).status is ReportStatus.CANCELLED


def panel(state: str = "final", **changes: Any) -> bytes:
    members = [{"reference": "Observation/a"}, {"reference": "Observation/b"}]
    whole = observation("g", "IDH panel", status=state, **({"hasMember": members} | changes))
    return bundle(patient(), *negatives(), whole, report("g"))


def test_the_members_of_a_panel_are_its_results() -> None:
    assert status(panel()) == "wildtype"
    assert {a.result for a in only(panel("preliminary")).assays} == {"pending"}
    assert [a.result for a in only(panel("entered-in-error")).assays] == [""]


def test_a_panel_that_is_its_own_member_is_read_once() -> None:
    members = [{"reference": f"Observation/{name}"} for name in ("g", "a", "a", "b")]
    assert len(only(panel(hasMember=members)).assays) == 2


def test_a_missing_member_refuses_the_report() -> None:
    assert len(refusals(panel(hasMember=[{"reference": "Observation/x"}]))) >= 1


def test_components_that_are_named_as_tests_are_results() -> None:
    parts = [{"code": {"text": name}, "valueString": "negative"} for name in SEQUENCED]
    assert status(bundle(patient(), observation("g", "IDH panel", component=parts), report("g"))) == "wildtype"


def test_a_component_that_contradicts_its_result_leaves_it_open() -> None:
    parts = [{"code": {"text": "Interpretation"}, "valueString": "positive"}]
    content = bundle(patient(), observation("a", valueString="negative", component=parts), report("a"))
    assert only(content).assays[0].result == "inconclusive"


def test_the_method_of_an_observation_is_part_of_its_name() -> None:
    tested = observation("a", "IDH1", valueString="negative", method={"text": "Sanger sequencing"})
    assert only(bundle(patient(), tested, report("a"))).assays[0].method == "IDH1 Sanger sequencing"


@pytest.mark.parametrize(
    ("text", "display"),
    [("IDH1 sequencing", "IDH1 R132H IHC"), ("IDH1 codon 132 sequencing", "IDH2 codon 172 sequencing")],
)
def test_a_name_that_contradicts_itself_leaves_the_result_open(text: str, display: str) -> None:
    tested = observation("a", coded(LOINC, "1-1", display) | {"text": text}, valueString="negative")
    assert only(bundle(patient(), tested, report("a"))).assays[0].result == "inconclusive"


@pytest.mark.parametrize("name", ["Isocitrate dehydrogenase 1 sequencing", "Isocitratdehydrogenase-1-Sequenzierung"])
def test_the_full_name_of_the_enzyme_is_its_symbol(name: str) -> None:
    tested = observation("a", name, valueString="negative")
    assert only(bundle(patient(), tested, report("a"))).assays[0].method.startswith("IDH1")


def test_an_implication_is_neither_a_diagnosis_nor_a_test() -> None:
    implied = observation("i", "Diagnostic implication", valueString="astrocytoma")
    assert only(bundle(patient(), implied, report("i"))).diagnosis == "Glioblastoma"
    named = observation("i", "Diagnostic implication", valueString="astrocytoma, IDH-mutant")
    assert len(refusals(bundle(patient(), named, report("i")))) == 1


def test_a_result_that_may_be_about_idh_is_not_passed_over() -> None:
    for tested in (
        observation("a", "Molecular findings", valueString="IDH1 R132H mutation detected"),
        observation("a", coded(LOINC, "99999-9"), valueString="positive"),
    ):
        assert len(refusals(bundle(patient(), *negatives()[1:], tested, report("a", "b")))) == 1
    focus = observation("a", valueString="positive", focus=[{"reference": "Patient/p"}])
    assert "focus" in refusals(bundle(patient(), focus, report("a")))[0]


def test_a_test_of_idh_that_no_report_names_is_named() -> None:
    read = read_fhir(bundle(patient(), *negatives(), report("b")))
    assert [(one.line, one.reason) for one in read.rejected] == [(2, "a test of IDH belongs to no report of the file")]


def test_results_that_are_not_about_idh_are_passed_over() -> None:
    others = [observation("x", "MGMT methylation", valueString="positive"), observation("y", coded(LOINC, "94077-5"))]
    assert status(bundle(patient(), *negatives(), *others, report("a", "b", "x", "y"))) == "wildtype"


@pytest.mark.parametrize("where", ["report", "result"])
def test_a_result_from_blood_says_nothing_certain_about_the_tumour(where: str) -> None:
    blood = specimen(type={"text": "Peripheral blood"})
    named = {"specimen": {"reference": "Specimen/s"}} if where == "result" else {}
    specimens = [{"reference": "Specimen/s"}] if where == "report" else []
    content = bundle(patient(), blood, *negatives(**named), report("a", "b", specimen=specimens))
    assert {a.result for a in only(content).assays} == {"inconclusive"}


def test_the_diagnosis_joins_conclusion_codes_and_results() -> None:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "63634009", "display": "Glioblastoma multiforme"}]}
    tested = observation("d", "Final diagnosis", valueString="WHO grade 4")
    read = only(bundle(patient(), tested, report("d", conclusionCode=[code])))
    assert read.diagnosis == "Glioblastoma Glioblastoma multiforme WHO grade 4"
    assert read.diagnosis_codes == "63634009"


def test_a_report_that_is_only_an_attachment_is_refused() -> None:
    attached = report(presentedForm=[{"contentType": "text/plain", "data": "YQ=="}], conclusion=None, result=None)
    assert "attachment" in refusals(bundle(patient(), attached))[0]


def test_a_report_without_identifier_has_its_id_and_without_both_is_refused() -> None:
    assert only(bundle(patient(), report(identifier=None))).report_id == "r"
    assert "neither an identifier nor an id" in refusals(bundle(patient(), report(identifier=None, id=None)))[0]


def test_the_official_number_of_a_report_is_its_id() -> None:
    numbers = [{"value": "old", "use": "old"}, {"value": "order"}, {"value": "R7", "use": "official"}]
    assert only(bundle(patient(), report(identifier=numbers))).report_id == "R7"


def test_two_reports_that_state_one_version_differently_are_both_refused() -> None:
    positive = observation("c", valueString="positive")
    content = bundle(patient(), *negatives(), positive, report("a", "b"), report("c", id="r2"))
    assert len(refusals(content)) == 2
    assert status(bundle(patient(), *negatives(), report("a", "b"), report("a", "b", id="r2"))) == "wildtype"

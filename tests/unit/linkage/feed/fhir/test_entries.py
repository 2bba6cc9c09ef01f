"""Files and entries: what is held as a whole, what is refused by itself, and what must not be ignored."""

import json

import pytest

from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.fhir.reader import read_fhir, read_ndjson
from tests.unit.linkage.feed.fhir.bundles import bundle, negatives, observation, only, patient, refusals, report, status

REST = bundle(patient(), *negatives(), report("a", "b"))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"no json", b"[]", b"\xff", REST[:-20], json.dumps(patient()).encode(),
        bundle(type="history"), bundle(type="perhaps"), bundle(entries=[]), bundle(implicitRules="http://rules"),
        b'{"resourceType": "Bundle", "type": "collection", "entry": [], "entry": []}',
        b'{"resourceType": "Bundle", "type": "collection", "total": NaN}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_bundle_and_no_report_is_held(content: bytes) -> None:
    with pytest.raises(FileHeldError, match="E_FEED_FORMAT"):
        read_fhir(content)


@pytest.mark.parametrize("kind", ["batch", "transaction", "searchset", "collection", "message"])
def test_bundles_of_these_types_are_read(kind: str) -> None:
    assert status(bundle(patient(), *negatives(), report("a", "b"), type=kind)) == "wildtype"


def test_a_byte_order_mark_changes_nothing() -> None:
    assert only(b"\xef\xbb\xbf" + REST) == only(REST)


def test_an_empty_page_of_a_search_has_no_reports() -> None:
    assert read_fhir(bundle(type="searchset", total=0)).reports == ()


def test_a_single_report_may_contain_everything() -> None:
    contained = [patient(), observation("a", valueString="positive")]
    single = report(subject={"reference": "#p"}, result=[{"reference": "#a"}], contained=contained)
    assert status(json.dumps(single).encode()) == "mutant"


@pytest.mark.parametrize(
    "change",
    [{"modifierExtension": [{"url": "http://x", "valueBoolean": True}]}, {"implicitRules": "http://x"}, {"unknown": 1}],
)
def test_a_resource_that_cannot_be_understood_costs_only_the_reports_that_need_it(change: dict[str, object]) -> None:
    other = report("b", id="r2", identifier=[{"value": "R2"}])
    first, second = negatives()
    read = read_fhir(bundle(patient(), first | change, second, report("a"), other), "H")
    assert [one.report_id for one in read.reports] == ["R2"]
    assert [(one.report_id, one.line) for one in read.rejected] == [("Observation/a", 2), ("R1", 4)]
    assert refusals(bundle(patient(), report() | change)) != []


def test_a_modifier_extension_deep_inside_counts_too() -> None:
    part = {"code": {"text": "share"}, "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}
    content = bundle(patient(), observation("a", valueString="positive", component=[part]), report("a"))
    assert "modifierExtension" in refusals(content)[0]


@pytest.mark.parametrize("entry", [{"request": {"method": "DELETE", "url": "DiagnosticReport/r"}}])
def test_a_deletion_is_refused_by_name(entry: dict[str, object]) -> None:
    for deleted in (entry, entry | {"resource": report()}):
        [reason] = refusals(bundle(deleted, type="transaction"))
        assert "entered-in-error" in reason


def test_an_error_of_the_server_inside_an_answer_is_named() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
    failed = {"response": {"status": "404 Not Found"}}
    assert len(refusals(bundle(outcome, failed, type="searchset"))) == 2


def test_a_bundle_inside_a_bundle_is_refused_by_name() -> None:
    assert refusals(bundle({"resourceType": "Bundle", "type": "collection"})) == [
        "a Bundle inside the bundle is not read"
    ]


def test_a_bulk_export_is_read_like_a_bundle() -> None:
    resources = [patient(), *negatives(), report("a", "b")]
    lines = "\r\n".join(json.dumps(one) for one in resources).encode() + b"\n\n"
    assert read_ndjson(lines).reports == read_fhir(bundle(*resources)).reports


def test_a_broken_line_of_a_bulk_export_holds_the_file_and_is_named() -> None:
    with pytest.raises(FileHeldError) as held:
        read_ndjson(json.dumps(patient()).encode() + b'\n{"resourceType": "Diag')
    assert held.value.line == 2

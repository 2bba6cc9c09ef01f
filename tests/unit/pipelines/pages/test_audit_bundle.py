"""The audit log as FHIR AuditEvents."""

from datetime import UTC, datetime
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from idh_tasks.pipelines.pages.audit_bundle import audit_bundle
from idh_tasks.pipelines.pages.events import AuditEvent

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def exported(**detail: Any) -> dict[str, Any]:
    bundle = audit_bundle([AuditEvent(7, NOON, "mary", "answered", "a review", detail)])
    [entry] = Bundle.model_validate(bundle).model_dump()["entry"]
    return dict(entry["resource"])


def test_an_event_is_a_valid_fhir_resource_that_says_who_did_what_to_which_subject() -> None:
    event = exported()
    assert event["resourceType"] == "AuditEvent"
    assert event["agent"][0]["who"]["display"] == "mary"
    assert event["subtype"][0]["display"] == "answered"
    assert event["entity"][0]["what"]["identifier"]["value"] == "a review"
    assert event["recorded"] == NOON
    assert "detail" not in event["entity"][0]


def test_details_of_any_type_are_kept_in_words() -> None:
    details = exported(answer="mutant", options=["mutant", "wildtype"])["entity"][0]["detail"]
    assert {detail["type"]: detail["valueString"] for detail in details} == {
        "answer": "mutant",
        "options": "mutant, wildtype",
    }


def test_no_event_is_a_valid_bundle() -> None:
    assert Bundle.model_validate(audit_bundle([])).type == "collection"

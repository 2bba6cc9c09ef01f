"""Builds FHIR resources and bundles; name only what a test is about."""

import json
from typing import Any

from idh_tasks.domain.pathology import Report, StatusDecision
from idh_tasks.linkage.feed.fhir.reader import read_fhir
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

Resource = dict[str, Any]
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
SEQUENCED = ("IDH1 codon 132 sequencing", "IDH2 codon 172 sequencing")


def coded(system: str, code: str, display: str | None = None) -> Resource:
    """Return a concept with one coding."""
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def patient(**changes: Any) -> Resource:
    """Return the patient H/0012."""
    return {
        "resourceType": "Patient", "id": "p", "birthDate": "1958-03-04", "gender": "female",
        "identifier": [{"system": "H", "value": "0012"}],
    } | changes  # fmt: skip


def report(*results: str, **changes: Any) -> Resource:
    """Return a final report on that patient with results of these ids."""
    return {
        "resourceType": "DiagnosticReport", "id": "r", "identifier": [{"value": "R1"}], "status": "final",
        "code": {"text": "Pathology"}, "subject": {"reference": "Patient/p"}, "issued": "2019-09-15T11:35:05-04:00",
        "conclusion": "Glioblastoma", "result": [{"reference": f"Observation/{name}"} for name in results],
    } | changes  # fmt: skip


def observation(name: str, code: str | Resource = "IDH1 codon 132 sequencing", **changes: Any) -> Resource:
    """Return a final Observation; its code is a text or a concept."""
    return {
        "resourceType": "Observation", "id": name, "status": "final",
        "code": {"text": code} if isinstance(code, str) else code,
    } | changes  # fmt: skip


def negatives(**changes: Any) -> list[Resource]:
    """Return negative sequencing of both genes, as `a` and `b`."""
    return [observation(n, c, **({"valueString": "negative"} | changes)) for n, c in zip("ab", SEQUENCED, strict=True)]


def component(code: str, **value: Any) -> Resource:
    """Return a component with a LOINC code."""
    return {"code": coded(LOINC, code)} | value


def variant(name: str, gene: str, *, present: bool = True, protein: str = "", **changes: Any) -> Resource:
    """Return a variant of the genomics reporting guide, found by sequencing; the gene is a code of HGNC."""
    components = [component("48018-6", valueCodeableConcept=coded("http://www.genenames.org/geneId", gene))]
    if protein:
        components.append(component("48005-3", valueCodeableConcept=coded("http://varnomen.hgvs.org", protein)))
    return observation(
        name, coded(LOINC, "69548-6", "Genetic variant assessment"),
        valueCodeableConcept=coded(LOINC, "LA9633-4" if present else "LA9634-2"),
        method=coded(LOINC, "LA26398-0", "Sequencing"), component=components,
    ) | changes  # fmt: skip


def procedure(name: str = "o", text: str = "Craniotomy with excision of tumor", **changes: Any) -> Resource:
    """Return a completed procedure on 1 September 2019; pass `performedDateTime=None` for another time."""
    return {
        "resourceType": "Procedure", "id": name, "status": "completed", "subject": {"reference": "Patient/p"},
        "code": {"text": text}, "performedDateTime": "2019-09-01",
    } | changes  # fmt: skip


def specimen(name: str = "s", **changes: Any) -> Resource:
    """Return a specimen, collected on 1 September 2019."""
    return {
        "resourceType": "Specimen", "id": name, "identifier": [{"value": "SP-1"}],
        "collection": {"collectedDateTime": "2019-09-01T09:30:00+02:00"},
    } | changes  # fmt: skip


def bundle(*resources: Resource, **changes: Any) -> bytes:
    """Return a collection of resources; one with the key `fullUrl` or `request` is an entry as it is."""
    entries = [r if {"fullUrl", "request", "response"} & set(r) else {"resource": _stated(r)} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries} | changes).encode()


def _stated(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if value is not None}


def only(content: bytes) -> Report:
    """Return the one report of a bundle, from which nothing was rejected."""
    read = read_fhir(content, "H")
    assert [(one.column, one.reason) for one in read.rejected] == []
    [report] = read.reports
    return report


def refusals(content: bytes) -> list[str]:
    """Return the reasons for which parts of a bundle are rejected; no report may have been read."""
    read = read_fhir(content, "H")
    assert read.reports == ()
    return [one.reason for one in read.rejected]


def decision(content: bytes) -> StatusDecision:
    """Return the IDH status that follows from the only report."""
    return resolve_idh_status([one for a in only(content).assays for one in read_assays(a.method, a.result)])


def status(content: bytes) -> str:
    """Return mutant, wildtype or indeterminate for the only report."""
    return decision(content).status.value

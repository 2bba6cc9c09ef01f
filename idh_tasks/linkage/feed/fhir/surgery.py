"""The day of the surgery from which the specimen of a report was taken, or none where that is not certain."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import all_words, codes
from idh_tasks.linkage.feed.fhir.dates import begin, day
from idh_tasks.linkage.feed.fhir.entries import Entry
from idh_tasks.linkage.feed.fhir.references import Node, Resources, is_same
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.specimen import Specimens

SURGICAL = "387713003"
"""SNOMED CT 'Surgical procedure', the category of FHIR's value set procedure-category."""
SURGERY_CODES = re.compile(r"25353009|72561008|65801008|86273004|5-01.*|1-510.*|1-511.*|6151[0-9]|6152[016]|6175[01]")
"""SNOMED CT craniotomy, biopsy of brain, excision, biopsy; OPS 5-01 and 1-51; CPT of intracranial tumours."""
SURGERY = re.compile(
    r"cr[aâ]n[ie]o?(?:tom|ektom|ectom)|krani(?:otom|ektom)|tr[eé]pan|trephin|resect|resekt|resezion|résection|resecci|exci[sd]|exzi[sd]|exstirp|extirp|exérèse|exeres"
    r"|escis|asporta|biops|debulk|lobectom|tumou?r removal|removal of .*tumou?r|tumorentfern|\bablation of .*tumou?r",
    re.IGNORECASE,
)
NO_SURGERY = re.compile(
    r"radi[ao](?!log)|strahl|irradi|chemo|^(?:general |local )?an[aä]?e?sth|an[aä]?e?sth\w* for|consult|follow|plan"
    r"|gamma.?knife|cyber.?knife|shunt|drain|append|cancel|cranioplast|kranioplast|decompress|dekompress"
    r"|\b(?:skin|liver|lung|breast|prostate?|kidney|marrow|lymph|muscle|colon|bowel|thyroid)\b|\bbone\b(?! flap)"
    r"|haut|leber|h[aä]e?matom|ematoma|hématom|aneur[iy]s|anévr|abs[cz]e|clipping|epilep",
    re.IGNORECASE,
)
"""No surgery of the tumour: radiotherapy, planning, other organs and diseases, reconstructions of the skull."""
COLUMN = "surgery_date"


def surgery_day(report: Node, resources: Resources, patient: Any, specimens: Specimens) -> str:
    """Return the day of surgery, or an empty text.

    A surgery that specimen or report name comes first, then one on the day of the specimen's collection, then the only
    one. Of several, none counts; neither does one after the specimen was collected, or after the report was issued.

    Raises
    ------
    ResourceRefusedError
        If a procedure of the file cannot be used, as it might be the one in question.
    """
    completed = [node.resource for node in _completed(report, resources, patient)]
    reported = day(report.resource.issued)
    candidates = [one for one in completed if not reported or _day(one) <= _next_day(reported)]
    if linked := [one for one in candidates if _is_linked(one, report, specimens)]:
        return _only_day(linked)
    operations = [one for one in candidates if is_tumour_surgery(one)]
    same_day = [
        one for one in candidates if _is_surgery(one) and specimens.collected and _day(one) == specimens.collected
    ]
    if same_day:
        return specimens.collected
    found = _only_day(operations)
    return "" if specimens.collected and found > _next_day(specimens.collected) else found


def is_tumour_surgery(procedure: Any) -> bool:
    """Return whether a procedure is positively the surgery of a tumour, or a surgery that names no other purpose."""
    stated, text = {code for _, code in codes(procedure.code)}, all_words(procedure.code)
    if NO_SURGERY.search(" ".join((text, all_words(procedure.category)))):
        return False
    if any(SURGERY_CODES.fullmatch(code) for code in stated) or SURGERY.search(text):
        return True
    return _is_surgical(procedure) and not stated and not text


def _is_surgical(procedure: Any) -> bool:
    return SURGICAL in {code for _, code in codes(procedure.category)}


def _is_surgery(procedure: Any) -> bool:
    excluded = NO_SURGERY.search(" ".join((all_words(procedure.code), all_words(procedure.category))))
    return is_tumour_surgery(procedure) or (_is_surgical(procedure) and not excluded)


def _completed(report: Node, resources: Resources, patient: Any) -> list[Node]:
    if any(_may_be_of(entry, resources, patient) for entry in resources.entries if entry.fault):
        raise ResourceRefusedError(COLUMN, "a procedure of the patient cannot be read")
    contained = [Node(r, report.entry) for r in report.resource.contained or () if r.get_resource_type() == "Procedure"]
    every = [*resources.of_kind("Procedure"), *contained]
    return [node for node in every if node.resource.status == "completed" and _is_of(node, resources, patient)]


def _is_of(node: Node, resources: Resources, patient: Any) -> bool:
    """Return whether a procedure was done on the patient; one whose subject is not in the file was done on another."""
    try:
        return is_same(resources.find(node.resource.subject, node, ("Patient",), COLUMN).resource, patient)
    except ResourceRefusedError:
        return False


def _may_be_of(entry: Entry, resources: Resources, patient: Any) -> bool:
    """Return whether an entry with a fault is a procedure that may have been done on the patient."""
    subject = entry.raw.get("subject")
    name = subject.get("reference") if isinstance(subject, dict) else None
    found = resources.named(name, entry) if isinstance(name, str) else []
    return entry.kind == "Procedure" and all(one.resource is patient for one in found)


def _is_linked(procedure: Any, report: Node, specimens: Specimens) -> bool:
    if any(procedure is one for one in specimens.procedures):
        return True
    own = {report.entry.full_url, f"DiagnosticReport/{report.resource.id}"} - {""}
    stated = _names(procedure.report) & own or _names(procedure.basedOn) & _names(report.resource.basedOn)
    stated = stated or _names([procedure.encounter]) & _names([report.resource.encounter])
    return _is_surgery(procedure) and bool(stated)


def _names(references: Iterable[Any] | None) -> set[str]:
    return {one.reference for one in references or () if one is not None and one.reference}


def _only_day(procedures: Sequence[Any]) -> str:
    days = {_day(one) for one in procedures}
    return days.pop() if len(days) == 1 else ""


def _day(procedure: Any) -> str:
    return begin(procedure.performedDateTime, procedure.performedPeriod)


def _next_day(known: str) -> str:
    return (date.fromisoformat(known) + timedelta(days=1)).isoformat()

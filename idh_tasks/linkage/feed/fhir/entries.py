"""The resources of a file, each validated against FHIR R4B by itself, so that one at fault does not cost the others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle

from idh_tasks.codes import Code
from idh_tasks.errors import FileHeldError

READ = ("DiagnosticReport", "Observation", "Patient", "Procedure", "Specimen")
"""Resource types with content for us; those of `NESTED` would hide such resources, and the rest is passed over."""
NESTED = ("Bundle", "Parameters")
BUNDLE_TYPES = (
    "batch", "batch-response", "transaction", "transaction-response", "searchset", "collection", "message", "document",
)  # fmt: skip
MUST_UNDERSTAND = ("modifierExtension", "implicitRules")
"""Elements that may turn the meaning of a resource around; FHIR forbids to ignore them (R4B 2.4.2, 2.26.3.1)."""
WRITES = ("GET", "POST", "PUT", "HEAD")


@dataclass(frozen=True, eq=False)
class Entry:
    """One resource of a file.

    Parameters
    ----------
    number
        Number of the entry in the bundle, or line in an NDJSON file, counted from 1.
    resource
        The validated resource; None for a type that is not read, and where there is a fault.
    fault
        Why the resource cannot be used; empty if it can.
    """

    number: int
    kind: str
    id: str
    full_url: str
    raw: Mapping[str, Any]
    resource: Any = None
    fault: str = ""


def read_entries(content: bytes) -> list[Entry]:
    """Return the resources of a bundle, or the one resource of a file without a bundle.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if it is not JSON, or neither a bundle of a supported type nor a DiagnosticReport.
    """
    raw = _parsed(content, None)
    if raw.get("resourceType") == "DiagnosticReport":
        return [_entry(1, {"resource": raw})]
    listed = raw.get("entry", [])
    if raw.get("resourceType") != "Bundle" or raw.get("type") not in BUNDLE_TYPES or not _is_bundle(raw, listed):
        raise FileHeldError(Code.E_FEED_FORMAT, "the file is neither a FHIR bundle of a supported type nor a report")
    if any(raw.get(name) for name in MUST_UNDERSTAND):
        raise FileHeldError(Code.E_FEED_FORMAT, "the bundle has a modifierExtension or implicitRules")
    return [_entry(number, entry) for number, entry in enumerate(listed, start=1)]


def read_lines(content: bytes) -> list[Entry]:
    """Return the resources of an NDJSON file, one per line (FHIR Bulk Data Access).

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` naming the first line that is not a resource.
    """
    lines = enumerate(content.split(b"\n"), start=1)
    return [_entry(number, {"resource": _parsed(line, number)}) for number, line in lines if line.strip()]


def _parsed(content: bytes, line: int | None) -> dict[str, Any]:
    try:
        raw = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):  # the text of the error quotes the content
        raise FileHeldError(
            Code.E_FEED_FORMAT, "not valid JSON in UTF-8, or an element is stated twice", line
        ) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("resourceType"), str):
        raise FileHeldError(Code.E_FEED_FORMAT, "not a FHIR resource", line)
    return raw


def _is_bundle(raw: Mapping[str, Any], listed: object) -> bool:
    """Return whether the bundle is valid apart from its resources, which are validated one by one."""
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        return False
    shells = [{name: value for name, value in entry.items() if name != "resource"} for entry in listed]
    try:
        Bundle.model_validate({**raw, "entry": [shell for shell in shells if shell]})
    except ValueError:  # its text quotes the content
        return False
    return True


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that states an element twice: parsers disagree which one counts."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _no_number(_: str) -> float:
    raise ValueError


def _entry(number: int, entry: Mapping[str, Any]) -> Entry:
    raw = entry.get("resource")
    if not isinstance(raw, dict):
        return Entry(number, "", "", "", {}, fault=_empty_fault(entry))
    kind, name = str(raw.get("resourceType", "")), str(raw.get("id", ""))
    url = str(entry.get("fullUrl", ""))
    fault = _fault(entry, raw, kind)
    resource = None if fault or kind not in READ else _validated(kind, raw)
    if kind in READ and resource is None:
        fault = fault or f"not a valid {kind} of FHIR R4B"
    return Entry(number, kind, name, url, raw, resource, fault)


def _empty_fault(entry: Mapping[str, Any]) -> str:
    """Return why an entry without a resource is a fault: only a deletion and a failed answer state something."""
    if _method(entry) == "DELETE":
        return "deletes a resource; send the report again as entered-in-error"
    status = str((entry.get("response") or {}).get("status", ""))
    return "the server reports an error instead of a resource" if status[:1] in ("4", "5") else ""


def _method(entry: Mapping[str, Any]) -> str:
    request = entry.get("request")
    return str(request.get("method", "")) if isinstance(request, dict) else ""


def _fault(entry: Mapping[str, Any], raw: Mapping[str, Any], kind: str) -> str:
    if _method(entry) not in ("", *WRITES):
        return "deletes or patches a resource; send the report again, if wrong as entered-in-error"
    if kind in NESTED:
        return f"a {kind} inside the bundle is not read"
    if kind == "OperationOutcome" and any(i.get("severity") in ("error", "fatal") for i in raw.get("issue") or ()):
        return "the server reports an error; the answer may be incomplete"
    stated = any(entry.get(name) for name in MUST_UNDERSTAND) or (kind in READ and _must_be_understood(raw))
    return "has a modifierExtension or implicitRules, which must not be ignored" if stated else ""


def _must_be_understood(value: object) -> bool:
    """Return whether such an element is present at any depth, in contained resources too."""
    if isinstance(value, dict):
        return any(value.get(name) for name in MUST_UNDERSTAND) or any(map(_must_be_understood, value.values()))
    return isinstance(value, list) and any(map(_must_be_understood, value))


def _validated(kind: str, raw: Mapping[str, Any]) -> Any:
    try:
        return get_fhir_model_class(kind).model_validate(raw)
    except (ValueError, KeyError, TypeError):  # pydantic's errors quote the content
        return None

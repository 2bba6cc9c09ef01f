"""The specimens of a report: identifier, day of collection, and whether they are tissue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import all_words, codes
from idh_tasks.linkage.feed.fhir.dates import begin
from idh_tasks.linkage.feed.fhir.references import Node, Resources, is_same
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError

FLUID = re.compile(
    r"\bblood\b|\bblut|sangue|\bsang\b|sangre|plasma|serum|saliva|speichel|buccal|\bcsf\b|liquor|\burin|marrow|knochenmark|midollo|moelle|médula",
    re.I,
)
FLUID_CODES = (
    "119297000",
    "119361006",
    "119364003",
    "119342007",
    "258450006",
    "122575003",
    "BLD",
    "PLAS",
    "SER",
    "CSF",
)
"""SNOMED CT and HL7 table 0487: blood, plasma, serum, saliva, cerebrospinal fluid, urine."""
PROCEDURE_EXTENSION = "Specimen.collection.procedure"
"""FHIR R5 states the procedure in the specimen; R4B carries it as an extension with this ending."""


@dataclass(frozen=True)
class Specimens:
    """What the specimens of a report state together; the day is empty where it is unknown or they differ."""

    number: str
    collected: str
    procedures: tuple[Any, ...]
    is_fluid: bool


def read_specimens(report: Node, resources: Resources, patient: Any) -> Specimens:
    """Return the specimens of a report.

    Raises
    ------
    ResourceRefusedError
        If one is missing, or belongs to another patient.
    """
    named = report.resource.specimen or ()
    nodes = [find_specimen(reference, report, resources, patient) for reference in named]
    usable = [node for node in nodes if node.resource.status != "entered-in-error"]
    days = {_day(node, resources) for node in usable}
    return Specimens(
        next((number for node in usable if (number := _number(node.resource))), ""),
        days.pop() if len(days) == 1 else "",
        tuple(procedure for node in usable for procedure in _procedures(node, resources)),
        is_fluid=any(is_fluid(node.resource) for node in usable),
    )


def is_fluid(specimen: Any) -> bool:
    """Return whether a specimen is blood or another fluid, which says nothing certain about the tumour."""
    stated = {code for _, code in codes(specimen.type)}
    return bool(stated & set(FLUID_CODES) or FLUID.search(all_words(specimen.type)))


def find_specimen(reference: Any, source: Node, resources: Resources, patient: Any) -> Node:
    """Return the specimen that a report or a result names.

    Raises
    ------
    ResourceRefusedError
        If it is missing, or belongs to another patient.
    """
    node = resources.find(reference, source, ("Specimen",), "specimen")
    subject = node.resource.subject
    if subject and not is_same(resources.find(subject, node, ("Patient",), "specimen").resource, patient):
        raise ResourceRefusedError("specimen", "a specimen belongs to another patient")
    return node


def _number(specimen: Any) -> str:
    stated = (*(specimen.identifier or ()), specimen.accessionIdentifier)
    return next((str(one.value) for one in stated if one and one.value), "")


def _day(node: Node, resources: Resources, depth: int = 4) -> str:
    """Return the day of collection; a block or a slide has that of the specimen from which it was made."""
    collection = node.resource.collection
    if collection and (collection.collectedDateTime or collection.collectedPeriod):
        return begin(collection.collectedDateTime, collection.collectedPeriod)
    parents = [resources.find(one, node, ("Specimen",), "specimen") for one in node.resource.parent or () if depth]
    days = {_day(parent, resources, depth - 1) for parent in parents}
    return days.pop() if len(days) == 1 else ""


def _procedures(node: Node, resources: Resources) -> Iterator[Any]:
    collection = node.resource.collection
    for extension in (collection.extension if collection else None) or ():
        if str(extension.url).endswith(PROCEDURE_EXTENSION) and extension.valueReference:
            yield resources.find(extension.valueReference, node, ("Procedure",), "surgery_date").resource

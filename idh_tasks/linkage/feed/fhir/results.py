"""The results of a report: every Observation that it names, with members and sources, as tests, diagnosis or date."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import all_words, codes, words
from idh_tasks.linkage.feed.fhir.dates import PARTIAL, begin
from idh_tasks.linkage.feed.fhir.genes import Gene
from idh_tasks.linkage.feed.fhir.genomics import (
    analysis_words,
    gene_stated,
    is_region,
    is_variant,
    variant_gene,
    variant_result,
)
from idh_tasks.linkage.feed.fhir.method import contradicts_itself, method_words, study_method, variant_name
from idh_tasks.linkage.feed.fhir.references import Node, Resources, is_same
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.specimen import Specimens, find_specimen, is_fluid
from idh_tasks.linkage.feed.fhir.values import NOT_UNDERSTOOD, agree, stated_result, stated_text
from idh_tasks.linkage.feed.observations import ASSAY, DIAGNOSIS, SURGERY, Observation, ObservationState
from idh_tasks.linkage.feed.result_text import read_result

FINAL = ("final", "amended", "corrected", "appended")
PENDING = ("registered", "preliminary", "partial")
COLUMN = "result"
IMPLICATION = re.compile(r"implication", re.IGNORECASE)
"""What a variant means for diagnosis or therapy: the variant from which it was derived is read instead."""
OTHER_TESTS = (
    "94077-5",
    "94076-7",
    "81695-9",
    "51968-6",
    "53037-8",
    "85069-3",
    "51959-5",
    "85337-4",
    "83005-9",
    "diagnostic-implication",
    "therapeutic-implication",
    "prognostic-implication",
    "molecular-consequence",
)
"""Codes of LOINC and of the genomics reporting guide for what is not about IDH, and may come without a name."""


def state_of(status: str) -> ObservationState:
    """Return the state for a code of FHIR's ObservationStatus or DiagnosticReportStatus."""
    if status in FINAL:
        return ObservationState.FINAL
    return ObservationState.PENDING if status in PENDING else ObservationState.WITHDRAWN


@dataclass
class Results:
    """Collects what the Observations of one report state."""

    report: Node
    resources: Resources
    patient: Any
    specimens: Specimens
    tests: list[Observation] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)
    diagnosis_pending: bool = False
    surgery_days: set[str] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    """Identities of the resources that have been read."""
    withdrawn: set[int] = field(default_factory=set)
    """Identities of the members of withdrawn panels, which are withdrawn with them unless the report names them."""

    def collect(self) -> "Results":
        """Read all results of the report.

        Raises
        ------
        ResourceRefusedError
            If one is missing, belongs to another patient, or cannot be told to be about IDH or not.
        """
        for reference in self.report.resource.result or ():
            self._add(self.resources.find(reference, self.report, ("Observation",), COLUMN), ObservationState.FINAL)
        return self

    def _add(self, node: Node, of_parent: ObservationState) -> None:
        if id(node.resource) in self.seen:
            return
        self.seen.add(id(node.resource))
        self._check_patient(node)
        state = max(of_parent, state_of(node.resource.status), key=list(ObservationState).index)
        if state is ObservationState.WITHDRAWN:
            with suppress(ResourceRefusedError):
                self.withdrawn |= {id(member.resource) for member in _related(node, self.resources)}
            return
        self._read(node, state)
        for member in _related(node, self.resources):
            self._add(member, state)

    def _check_patient(self, node: Node) -> None:
        subject = node.resource.subject
        if subject and not is_same(self.resources.find(subject, node, ("Patient",), COLUMN).resource, self.patient):
            raise ResourceRefusedError(COLUMN, "a result belongs to another patient")
        if node.resource.focus:
            raise ResourceRefusedError(COLUMN, "a result is about somebody or something else than the patient (focus)")

    def _read(self, node: Node, state: ObservationState) -> None:
        observation, name = node.resource, words(node.resource.code)
        if not ASSAY.search(name) and SURGERY.search(name):
            self.surgery_days |= {_day(observation)} if state is ObservationState.FINAL else set()
        elif not (ASSAY.search(name) or IMPLICATION.search(name)) and DIAGNOSIS.search(
            f"{name} {' '.join(c for _, c in codes(observation.code))}"
        ):
            self.diagnoses.append(stated_text(observation))
            self.diagnosis_pending |= state is ObservationState.PENDING
        elif is_region(observation):
            return
        else:
            tests = list(_tests(observation, self._method(observation)))
            fluid = self._is_fluid(node)
            self.tests += [Observation(t.name, NOT_UNDERSTOOD if fluid else t.value, state) for t in tests]

    def _method(self, observation: Any) -> str:
        return method_words(observation.method) or study_method(self.report.resource)

    def _is_fluid(self, node: Node) -> bool:
        """Return whether a result was obtained from a fluid; without a specimen of its own, from that of the report."""
        reference = node.resource.specimen
        if not reference:
            return self.specimens.is_fluid
        return is_fluid(find_specimen(reference, node, self.resources, self.patient).resource)


def _related(node: Node, resources: Resources) -> Iterator[Node]:
    """Yield the members of a panel and the Observations from which a result was derived."""
    for reference in (*(node.resource.hasMember or ()), *(node.resource.derivedFrom or ())):
        if not resources.is_unread(reference, node):
            yield resources.find(reference, node, ("Observation",), COLUMN)


def _day(observation: Any) -> str:
    """Return the day that a result states, which may be a text; a partial date is unknown."""
    stated = begin(observation.valueDateTime, observation.valuePeriod) or stated_text(observation)
    return "" if PARTIAL.fullmatch(stated) else stated


def _tests(observation: Any, method: str) -> Iterator[Observation]:
    """Yield the tests of IDH that an Observation and its components state."""
    name = _name(observation)
    if is_variant(observation):
        yield from _variant(
            observation, name, method_words(observation.method) or analysis_words(observation) or method
        )
    elif ASSAY.search(name):
        full = _with(name, method_words(observation.method))
        if contradicts_itself(observation.code):
            yield Observation(full, NOT_UNDERSTOOD)
        else:
            yield from _named(observation, full)
    elif ASSAY.search(_all_values(observation)) and not (IMPLICATION.search(name) and observation.derivedFrom):
        raise ResourceRefusedError(COLUMN, "a result mentions IDH in its value, but is not named as a test of IDH")
    for component in observation.component or ():
        if ASSAY.search(all_words(component.code)) and not is_variant(observation):
            yield from _named(component, _with(all_words(component.code), method_words(observation.method)))


def _variant(observation: Any, name: str, method: str) -> Iterator[Observation]:
    gene = variant_gene(observation)
    if gene is Gene.OTHER:
        return
    result = variant_result(observation, gene)
    if result is not None:
        named = _with(name, method_words(observation.method)) if ASSAY.search(name) else variant_name(gene, method)
        yield Observation(named, result)


def is_about_idh(observation: Any) -> bool:
    """Return whether an Observation is named as a test of IDH, or is a variant of one of its genes."""
    if is_variant(observation) and not is_region(observation):
        return gene_stated(observation) in (Gene.IDH1, Gene.IDH2)
    return bool(ASSAY.search(all_words(observation.code)))


def _named(observation: Any, name: str) -> Iterator[Observation]:
    """Yield the result of a test that is named; a component that contradicts it leaves it open."""
    result = stated_result(observation, name)
    parts = getattr(observation, "component", None) or ()
    if result is None:
        if not (observation.dataAbsentReason or parts or getattr(observation, "hasMember", None)):
            yield Observation(name, NOT_UNDERSTOOD)
        return
    stated = [
        read_result(stated_result(part, name) or "", name) for part in parts if not ASSAY.search(all_words(part.code))
    ]
    whole = read_result(result, name)
    yield Observation(name, result if all(agree(whole, part) for part in stated) else NOT_UNDERSTOOD)


def _name(observation: Any) -> str:
    """Return the name of an Observation.

    Raises
    ------
    ResourceRefusedError
        If it has neither words nor a code that we know: it might be a test of IDH.
    """
    text = words(observation.code)
    name = text if ASSAY.search(text) else all_words(observation.code)
    known = {code for _, code in codes(observation.code)} & set(OTHER_TESTS)
    if not name and not known and not is_variant(observation):
        raise ResourceRefusedError(COLUMN, "a result has a code that is not known, and no name")
    return name


def _all_values(observation: Any) -> str:
    components = observation.component or ()
    every = [stated_text(one) for one in (observation, *components)]
    return " ".join([*every, *(all_words(one.valueCodeableConcept) for one in (observation, *components))])


def _with(name: str, method: str) -> str:
    return name if method.casefold() in name.casefold() else f"{name} {method}"

"""The results of a report: every Observation that it names, with members and sources, as tests, diagnosis or date."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from idh_tasks.linkage.feed.fhir.concepts import codes, words
from idh_tasks.linkage.feed.fhir.dates import PARTIAL, begin
from idh_tasks.linkage.feed.fhir.genomics import is_region
from idh_tasks.linkage.feed.fhir.idh_tests import IMPLICATION, idh_tests
from idh_tasks.linkage.feed.fhir.method import study_method
from idh_tasks.linkage.feed.fhir.references import Node, Resources, is_same
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.fhir.specimen import Specimens, find_specimen, is_fluid
from idh_tasks.linkage.feed.fhir.values import NOT_UNDERSTOOD, stated_text
from idh_tasks.linkage.feed.observations import ASSAY, DIAGNOSIS, SURGERY, Observation, ObservationState

FINAL = ("final", "amended", "corrected", "appended")
PENDING = ("registered", "preliminary", "partial")
COLUMN = "result"


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
            tests = list(idh_tests(observation, study_method(self.report.resource)))
            fluid = self._is_fluid(node)
            self.tests += [Observation(t.name, NOT_UNDERSTOOD if fluid else t.value, state) for t in tests]

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

"""Whose data are de-identified, and by which secret."""

from dataclasses import dataclass

from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser


@dataclass(frozen=True)
class Subject:
    """The pseudonym of a patient, how it was made, and the texts that would identify the patient."""

    patient: PatientKey
    pseudonymiser: Pseudonymiser
    identifying_texts: frozenset[str]

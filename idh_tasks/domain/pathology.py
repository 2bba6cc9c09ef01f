"""Pathology in one internal form: reports, assays and the IDH status they lead to."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class IdhStatus(StrEnum):
    """The label; INDETERMINATE is never read as wild-type."""

    MUTANT = "mutant"
    WILDTYPE = "wildtype"
    INDETERMINATE = "indeterminate"


class AssayMethod(StrEnum):
    """How IDH was tested."""

    IHC_R132H = "ihc_r132h"
    IDH1_SEQUENCING = "idh1_codon132"
    IDH2_SEQUENCING = "idh2_codon172"
    NGS_PANEL = "ngs_panel"
    OTHER = "other"


class AssayResult(StrEnum):
    """What an assay says, after its text has been normalised."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Assay:
    """One test on one specimen."""

    method: AssayMethod
    result: AssayResult


@dataclass(frozen=True)
class LaboratoryRow:
    """One row of the laboratory's view: an assay with its report and patient, as reported."""

    report_id: str
    version: int
    issuer: str
    patient_id: str
    birth_date: date
    sex: str
    report_status: str
    diagnosis: str
    surgery_date: date | None
    specimen_date: date | None
    age_years: float | None
    method: str
    result: str


@dataclass(frozen=True)
class StatusDecision:
    """An IDH status with the rule and the evidence that lead to it."""

    status: IdhStatus
    rule: str
    evidence: str
    provisional: bool = False

"""Pathology in one internal form: reports, assays and the IDH status they lead to."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

ReportColumn = Literal[
    "report_id",
    "version",
    "issuer",
    "patient_id",
    "birth_date",
    "sex",
    "report_status",
    "diagnosis",
    "diagnosis_codes",
    "surgery_date",
    "specimen_date",
    "specimen",
    "age_years",
    "method",
    "result",
]
"""Our names of what a row of a laboratory holds: one assay with its report."""
OPTIONAL_COLUMNS = ("issuer", "specimen_date", "age_years", "diagnosis_codes", "specimen")


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


class ReportStatus(StrEnum):
    """How far a report is; only a final one gives a label."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Assay:
    """One test on one specimen."""

    method: AssayMethod
    result: AssayResult


@dataclass(frozen=True)
class ReportedAssay:
    """One test in the laboratory's own words."""

    method: str
    result: str


@dataclass(frozen=True)
class Report:
    """One version of a report as the laboratory gives it; it names a patient."""

    report_id: str
    version: int
    issuer: str
    patient_id: str
    birth_date: date | None
    sex: str | None
    status: ReportStatus
    diagnosis: str
    surgery_date: date | None
    specimen_date: date | None
    age_years: float | None
    assays: tuple[ReportedAssay, ...]
    diagnosis_codes: str = ""
    specimen: str = ""

    def __repr__(self) -> str:
        return f"Report(version {self.version}, {self.status})"


@dataclass(frozen=True)
class MergeNotice:
    """The registry says that two identifiers are one patient, or (`undone`) that they are not."""

    issuer: str
    prior_id: str
    surviving_id: str
    at: datetime
    undone: bool = False

    def __repr__(self) -> str:
        return f"MergeNotice(undone={self.undone})"


@dataclass(frozen=True)
class Misfit:
    """A report that does not fit the form: which column, and which report (never shown)."""

    column: str
    report_id: str

    def __repr__(self) -> str:
        return f"Misfit({self.column})"


@dataclass(frozen=True)
class Delivery:
    """What one file or one reading of the laboratory's view holds."""

    reports: tuple[Report, ...] = ()
    merges: tuple[MergeNotice, ...] = ()
    misfits: tuple[Misfit, ...] = ()


@dataclass(frozen=True)
class StatusDecision:
    """An IDH status with the rule and the evidence that lead to it."""

    status: IdhStatus
    rule: str
    evidence: str
    provisional: bool = False

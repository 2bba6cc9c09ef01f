"""Pathology in one internal form: reports, assays, merges, and the IDH status that follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from idh_tasks.domain.study import PatientKey

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
"""Our column names for a laboratory's rows; a row has one assay with its report."""
OPTIONAL_COLUMNS = ("issuer", "specimen_date", "age_years", "diagnosis_codes", "specimen")

DateOrder = Literal["day_first", "month_first"]
"""How a feed writes dates such as 03/04/1958."""
CodePage = Literal["cp1252", "iso8859-1", "iso8859-15", "cp850", "cp437", "mac-roman"]
"""Single-byte encodings of the languages that the platform reads, by Python's names."""

FeedRow = Mapping[str, object]
"""One row as the laboratory wrote it, under our column names; it may name a patient."""


class IdhStatus(StrEnum):
    """The label; INDETERMINATE is never read as wild-type."""

    MUTANT = "mutant"
    WILDTYPE = "wildtype"
    INDETERMINATE = "indeterminate"


class AssayMethod(StrEnum):
    """How IDH was tested.

    TARGETED finds single variants (R132H by PCR), and UNSPECIFIED is a test of IDH that is not known to be sequencing:
    a positive result counts, a negative one excludes nothing.
    """

    IHC_R132H = "ihc_r132h"
    IDH1_SEQUENCING = "idh1_codon132"
    IDH2_SEQUENCING = "idh2_codon172"
    NGS_PANEL = "ngs_panel"
    TARGETED = "idh_targeted"
    UNSPECIFIED = "idh_unspecified"
    OTHER = "other"


class AssayResult(StrEnum):
    """What an assay states, after its text has been normalised."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    PENDING = "pending"
    UNKNOWN = "unknown"


class ReportStatus(StrEnum):
    """The state of a report; only a final one gives a label."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    CANCELLED = "cancelled"


class Channel(StrEnum):
    """How a report arrived; each channel counts the versions of a report in its own way."""

    VIEW = "view"
    TABLE = "table"
    HL7 = "hl7"
    FHIR = "fhir"


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
    """One version of a report as the laboratory delivers it; it names a patient.

    Parameters
    ----------
    channel
        None where it is not known, as for reports stored before channels were.
    corrected
        The status says that it replaces an earlier final report.
    revision
        A number of this version that the sender states beside a version that is a time.
    """

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
    channel: Channel | None = None
    corrected: bool = False
    revision: int | None = None

    def __repr__(self) -> str:
        return f"Report(version {self.version}, {self.status})"


@dataclass(frozen=True)
class MergeNotice:
    """The registry's statement that two identifiers are one patient, or (`undone`) that they are not."""

    issuer: str
    prior_id: str
    surviving_id: str
    at: datetime
    undone: bool = False

    def __repr__(self) -> str:
        return f"MergeNotice(undone={self.undone})"


@dataclass(frozen=True)
class Merge:
    """A merge in force, under our keys."""

    prior_key: PatientKey
    surviving_key: PatientKey


@dataclass(frozen=True)
class RejectedReport:
    """A report that cannot be read: the column at fault, the report's id (never shown), and why.

    Parameters
    ----------
    line
        Line, or number of the segment or entry, at which the report begins in its file, counted from 1.
    """

    column: str
    report_id: str
    line: int | None = None
    reason: str = ""

    def __repr__(self) -> str:
        return f"RejectedReport({self.column})"


@dataclass(frozen=True)
class FeedContent:
    """What one file, or one reading of the laboratory's view, contains."""

    reports: tuple[Report, ...] = ()
    merges: tuple[MergeNotice, ...] = ()
    rejected: tuple[RejectedReport, ...] = ()


@dataclass(frozen=True)
class StatusDecision:
    """An IDH status with the rule and the evidence that led to it."""

    status: IdhStatus
    rule: str
    evidence: str
    provisional: bool = False

"""Writes the same reports in every format of the feed, as the differential test reads them."""

import csv
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any, get_args

import pandas as pd

from idh_tasks.domain.pathology import ReportColumn

METHODS = {
    "IHC": "IDH1 R132H immunohistochemistry",
    "SEQ1": "IDH1 codon 132 sequencing",
    "SEQ2": "IDH2 codon 172 sequencing",
}
"""Local codes of the assays, with their names."""
RESULTS = {"positive": "positive", "negative": "not detected", "unknown": "inconclusive", "pending": "pending"}
CODED = {
    "positive": ("10828004", "positive"),
    "negative": ("260385009", "negative"),
    "unknown": ("82334004", "indeterminate"),
}
"""SNOMED CT codes of results."""
STATUSES = {"final": "F", "corrected": "C", "preliminary": "P", "cancelled": "X"}
"""Words of tables and FHIR, with the codes of HL7 table 0123."""
COLUMNS: tuple[ReportColumn, ...] = get_args(ReportColumn)


@dataclass(frozen=True)
class WrittenReport:
    """One report whose meaning is known; `assays` are pairs of a local code and a result."""

    report_id: str
    issued: datetime
    patient_id: str
    birth_date: date
    sex: str
    status: str
    diagnosis: str
    surgery_date: date
    specimen_date: date
    assays: tuple[tuple[str, str], ...]

    @property
    def version(self) -> int:
        """The version as tables and HL7 state it."""
        return int(f"{self.issued:%Y%m%d%H%M%S}")


def generated(number: int, seed: int = 0) -> list[WrittenReport]:
    """Return reports of as many patients; equal seeds give equal reports."""
    random = Random(seed)
    return [_generated(random, n) for n in range(number)]


def _generated(random: Random, n: int) -> WrittenReport:
    surgery = date(2018, random.randint(1, 12), random.randint(1, 28))
    issued = datetime(2019, random.randint(1, 12), random.randint(1, 28), random.randrange(24), 15, 7)  # noqa: DTZ001
    codes = random.sample(sorted(METHODS), random.randint(1, 3))
    return WrittenReport(
        f"R{n:04}", issued, f"{n:06}", date(random.randint(1930, 1999), random.randint(1, 12), 17),
        random.choice("FM"), random.choice([*STATUSES, "final", "final"]),
        random.choice(("Glioblastoma, WHO grade 4", "Glioblastoma", "Meningioma")), surgery, surgery,
        tuple((code, random.choice([*RESULTS, "negative", "negative"])) for code in sorted(codes)),
    )  # fmt: skip


def rows(reports: Sequence[WrittenReport]) -> list[dict[str, Any]]:
    """Return one row per assay, with dates as dates."""
    return [
        {
            "report_id": r.report_id, "version": r.version, "issuer": "H", "patient_id": r.patient_id,
            "birth_date": r.birth_date, "sex": r.sex, "report_status": r.status, "diagnosis": r.diagnosis,
            "surgery_date": r.surgery_date, "specimen_date": r.specimen_date, "age_years": None,
            "diagnosis_codes": "", "specimen": "", "method": METHODS[code], "result": RESULTS[result],
        }
        for r in reports
        for code, result in r.assays
    ]  # fmt: skip


def as_csv(reports: Sequence[WrittenReport]) -> bytes:
    """Return a CSV file."""
    text = StringIO()
    writer: csv.DictWriter[Any] = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows(reports))
    return text.getvalue().encode()


def as_excel(reports: Sequence[WrittenReport]) -> bytes:
    """Return a workbook whose identifiers and versions are text cells."""
    buffer = BytesIO()
    texts = [row | {"version": str(row["version"])} for row in rows(reports)]
    pd.DataFrame(texts, columns=list(COLUMNS)).to_excel(buffer, index=False)
    return buffer.getvalue()


def as_view(reports: Sequence[WrittenReport], path: Path) -> str:
    """Fill a table in SQLite, and return its SQLAlchemy URL."""
    with sqlite3.connect(path) as lis:
        lis.execute(f"CREATE TABLE idh_results ({', '.join(COLUMNS)})")
        values = [[v.isoformat() if isinstance(v, date) else v for v in map(row.get, COLUMNS)] for row in rows(reports)]
        lis.executemany(f"INSERT INTO idh_results VALUES ({', '.join('?' * len(COLUMNS))})", values)
    return f"sqlite:///{path}"


def as_hl7(reports: Sequence[WrittenReport]) -> bytes:
    """Return a file of messages ORU^R01."""
    return "".join(_message(report) for report in reports).encode()


def _message(r: WrittenReport) -> str:
    texts = [("TX", "22637-3^Pathology report final diagnosis", r.diagnosis, "F"),
             ("TX", "OPDATE^Date of surgery", f"{r.surgery_date:%Y%m%d}", "F")]  # fmt: skip
    texts += [
        (
            "ST",
            f"{code}^{METHODS[code]}",
            "" if result == "pending" else RESULTS[result],
            "I" if result == "pending" else "F",
        )
        for code, result in r.assays
    ]
    segments = [
        f"MSH|^~\\&|LIS|PATH|IDH|IDH|{r.version}||ORU^R01^ORU_R01|{r.report_id}|P|2.5.1",
        f"PID|1||{r.patient_id}^^^H^MR||DOE^JANE||{r.birth_date:%Y%m%d}|{r.sex}",
        f"OBR|1||{r.report_id}^LIS|11529-5^Pathology report|||{r.specimen_date:%Y%m%d}"
        f"|||||||||||||||{r.version}|||{STATUSES[r.status]}",
        *(
            f"OBX|{n}|{kind}|{name}||{value}||||||{state}"
            for n, (kind, name, value, state) in enumerate(texts, start=1)
        ),
    ]
    return "\r".join(segments) + "\r"


def as_fhir(reports: Sequence[WrittenReport], *, coded: bool) -> bytes:
    """Return a bundle whose results are texts or codes of SNOMED CT."""
    entries = [entry for report in reports for entry in _resources(report, coded)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def _resources(r: WrittenReport, coded: bool) -> list[dict[str, Any]]:
    def named(kind: str, suffix: str = "", **content: Any) -> dict[str, Any]:
        full_url = f"http://lis.example/fhir/{kind}/{r.report_id}{suffix}"
        return {"fullUrl": full_url, "resource": {"resourceType": kind, "id": f"{r.report_id}{suffix}", **content}}

    def reference(kind: str, suffix: str = "") -> dict[str, str]:
        return {"reference": f"{kind}/{r.report_id}{suffix}"}

    subject = reference("Patient")
    return [
        named(
            "Patient", identifier=[{"system": "H", "value": r.patient_id}], birthDate=f"{r.birth_date}",
            gender={"F": "female", "M": "male"}[r.sex],
        ),
        named("Specimen", subject=subject, collection={"collectedDateTime": f"{r.specimen_date}"}),
        named(
            "Procedure", status="completed", subject=subject, performedDateTime=f"{r.surgery_date}",
            code={"coding": [{"system": "http://snomed.info/sct", "code": "25353009", "display": "Craniotomy"}],
                  "text": "Craniotomy with excision of tumor"},
        ),
        *(
            named("Observation", f"-{code}", subject=subject, code={"text": METHODS[code]}, **_value(result, coded))
            for code, result in r.assays
        ),
        named(
            "DiagnosticReport", identifier=[{"value": r.report_id}], status=r.status, subject=subject,
            code={"coding": [{"system": "http://loinc.org", "code": "11529-5"}]}, issued=f"{r.issued.isoformat()}Z",
            conclusion=r.diagnosis, specimen=[reference("Specimen")],
            result=[reference("Observation", f"-{code}") for code, _ in r.assays],
        ),
    ]  # fmt: skip


def _value(result: str, coded: bool) -> dict[str, Any]:
    if result == "pending":
        return {"status": "registered"}
    if not coded:
        return {"status": "final", "valueString": RESULTS[result]}
    code, display = CODED[result]
    coding = {"system": "http://snomed.info/sct", "code": code, "display": display}
    return {"status": "final", "valueCodeableConcept": {"coding": [coding]}}

"""The pathology report of a synthetic patient, in rows as a laboratory system exports them."""

from datetime import timedelta

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.phantom.patient import PatientPlan

COLUMNS = (
    "report_id",
    "version",
    "issuer",
    "patient_id",
    "patient_name",
    "birth_date",
    "sex",
    "report_status",
    "diagnosis",
    "surgery_date",
    "specimen_date",
    "age_years",
    "method",
    "result",
)

Row = dict[str, str]


def _assays(plan: PatientPlan) -> list[tuple[str, str]]:
    """Return method and result of each assay: IHC first, and sequencing if IHC is negative."""
    if plan.defect == "indeterminate":
        return [("IDH1 R132H IHC", "negative")]
    if plan.status is IdhStatus.WILDTYPE:
        sequenced = [("IDH1 codon 132 sequencing", "wild-type"), ("IDH2 codon 172 sequencing", "wild-type")]
        return [("IDH1 R132H IHC", "negative"), *sequenced]
    if plan.number % 3 == 0:
        return [("IDH1 R132H IHC", "negative"), ("IDH1 codon 132 sequencing", "p.R132C")]
    return [("IDH1 R132H IHC", "positive")]


def assay_rows(plan: PatientPlan) -> list[Row]:
    """Return one row per assay of the patient's only report."""
    person, visit = plan.identity()
    surgery = visit.surgery_date
    if plan.defect == "post_operative":
        surgery = visit.study_date - timedelta(days=12)
    report = {
        "report_id": f"P-{plan.seed}-{plan.number:04d}",
        "version": "1",
        "issuer": person.issuer,
        "patient_id": person.identifier,
        "patient_name": person.name,
        "birth_date": person.birth_date.isoformat(),
        "sex": person.sex,
        "report_status": "final",
        "diagnosis": "glioblastoma",
        "surgery_date": surgery.isoformat(),
        "specimen_date": surgery.isoformat(),
        "age_years": str(visit.age_years(person.birth_date)),
    }
    return [report | {"method": method, "result": result} for method, result in _assays(plan)]

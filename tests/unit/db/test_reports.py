"""The content hash of a report: it must not change with the code, or every stored report would be a conflict."""

from dataclasses import replace
from datetime import date

from idh_tasks.db.reports import NamedPatient, ReportRecord, content_hash
from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult
from idh_tasks.domain.study import PatientKey
from idh_tasks.linkage.idh_rules import WHO_2016, WHO_2021, resolve_idh_status

IHC = Assay(AssayMethod.IHC_R132H, AssayResult.NEGATIVE)
SEQUENCING = Assay(AssayMethod.IDH1_SEQUENCING, AssayResult.POSITIVE)


def record() -> ReportRecord:
    decision = resolve_idh_status([IHC, SEQUENCING], 60)
    return ReportRecord(
        "report", 2, PatientKey("patient"), "final", True, date(2018, 5, 1), None, 60.0, decision,
        WHO_2016[decision.status], WHO_2021[decision.status], ((IHC, "negative"), (SEQUENCING, "p.R132C")),
    )  # fmt: skip


def test_the_hash_of_a_report_is_the_one_of_earlier_versions_of_the_code() -> None:
    assert content_hash(record()) == "92b121c99336c4ba8a6827a1"


def test_the_hash_depends_on_the_content_and_not_on_the_order_of_assays() -> None:
    report = record()
    assert content_hash(replace(report, assays=report.assays[::-1])) == content_hash(report)
    assert content_hash(replace(report, age_years=61.0)) != content_hash(report)
    assert content_hash(replace(report, assays=report.assays[:1])) != content_hash(report)


def test_a_printed_patient_shows_no_identifier() -> None:
    assert "SECRET" not in repr(NamedPatient(PatientKey("patient"), "SECRET", "SECRET", 1))

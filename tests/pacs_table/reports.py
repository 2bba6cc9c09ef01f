"""The laboratory's reports of the patients of the cohort: a glioblastoma that was operated on a week later."""

from collections.abc import Iterable
from datetime import timedelta

from idh_tasks.dicom.dates import parse_date
from tests.integration.test_link import report
from tests.pacs_table.rows import StudyRow

TO_SURGERY = timedelta(days=7)


def reports_of(studies: Iterable[StudyRow]) -> list[dict[str, object]]:
    """Return the rows that the laboratory delivers about the patients of studies."""
    return [row for study in studies for row in _report(study)]


def _report(study: StudyRow) -> list[dict[str, object]]:
    day = parse_date(study.study_date)
    assert day is not None
    return report(
        f"R{study.accession}", issuer=study.issuer, patient_id=study.patient_id, patient_name=study.name, sex=study.sex,
        birth_date=parse_date(study.birth_date), surgery_date=day + TO_SURGERY,
    )  # fmt: skip

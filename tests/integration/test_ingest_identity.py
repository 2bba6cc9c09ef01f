"""Whose study a delivery holds does not depend on the order of its files."""

from datetime import date

import pytest

from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.factories import MARKER, MARKER_ID
from tests.hospital import drop, outcomes, stored, study
from tests.unit.pipelines.ingest.test_agreement import outline

RECORDED = (
    "SELECT issuer, identifier, name, birth_date, sex FROM phi.patient_identity JOIN idh.patient USING (patient_key)"
)
STUDIES = "SELECT accession_number FROM phi.study_identity"


@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_outline_at_any_place_leaves_the_study_to_the_patient_of_its_images(platform: Platform, place: int) -> None:
    files = study()
    for ds in files:
        ds.IssuerOfPatientID, ds.Manufacturer, ds.AccessionNumber = "HOSP", "SIEMENS", "A-1"
    files.insert(place, outline(Manufacturer="3D Slicer"))

    drop(platform, "delivery", files)
    ingest(platform, ("bucket",))

    assert outcomes(platform) == {"ingested": 1}
    assert run_sql(platform, RECORDED) == [("HOSP", MARKER_ID, MARKER, date(1960, 1, 2), "F")]
    assert run_sql(platform, STUDIES) == [("A-1",)]
    patient = platform.pseudonymiser.patient("HOSP", MARKER_ID)
    assert run_sql(platform, "SELECT patient_key, manufacturer FROM idh.study") == [(patient, "SIEMENS")]
    assert len(stored(platform).series) == 2

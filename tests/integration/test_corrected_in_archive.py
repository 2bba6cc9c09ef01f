"""A patient id that is corrected in a real Orthanc, and documents of a study whose patient has changed."""

from datetime import date
from pathlib import Path

import pytest
import requests

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.send import send_study
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import documents
from tests.database import run_sql
from tests.factories import dicom_bytes
from tests.hospital import stored_instances, study
from tests.integration.test_corrected_identity import patient_key, sent
from tests.integration.test_documents import predict, stored_documents

UID = "1.2.826.0.1.98"


def deliver(platform: Platform, patient: str, folder: Path) -> None:
    assert platform.settings.pacs is not None
    files = []
    for number, ds in enumerate(study(UID, patient=patient)):
        ds.StudyDate, ds.StudyDescription = "20190305", "MR Brain"
        files.append(folder / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    send_study(platform.settings.pacs, files)


def owner(platform: Platform) -> str:
    study_id = platform.pseudonymiser.study(UID)
    [(key,)] = run_sql(platform, "SELECT patient_key FROM idh.study WHERE study_id = :study_id", study_id=study_id)
    return str(key)


@pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")
def test_a_patient_id_that_is_corrected_in_the_archive_moves_the_study_the_next_night(
    platform: Platform, installation: Installation, tmp_path: Path
) -> None:
    deliver(platform, "wrong", tmp_path)
    night.ingest(platform, ("pacs",), since=date(2019, 1, 1))
    assert owner(platform) == patient_key(platform, "wrong")
    assert night.ingest(platform, ("pacs",), since=date(2019, 1, 1)) is False
    address, login = orthanc.address(installation), (orthanc.USER, installation.secrets["orthanc_password"])
    [resource] = requests.post(f"{address}/tools/lookup", UID, auth=login, timeout=20).json()
    assert requests.delete(f"{address}/studies/{resource['ID']}", auth=login, timeout=20).ok
    deliver(platform, "right", tmp_path)
    assert night.ingest(platform, ("pacs",), since=date(2019, 1, 1)) is True
    assert owner(platform) == patient_key(platform, "right")
    assert len(stored_instances(platform)) == 4


def test_the_document_of_the_former_patient_is_superseded_at_once_and_again_when_there_are_new_predictions(
    platform: Platform,
) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    predict(platform)
    written = [documents.write_documents(platform)]
    store_studies(platform, sent(study(patient="right")))
    written += [documents.write_documents(platform), documents.write_documents(platform)]
    predict(platform)
    written += [documents.write_documents(platform)]
    assert written == [1, 1, 0, 1]
    right = patient_key(platform, "right")
    assert [ds.PatientID == right for ds in stored_documents(platform)] == [False, True, True]
    assert ["Withdrawn" in str(ds) for ds in stored_documents(platform)] == [False, True, False]


def test_the_document_of_a_study_in_doubt_is_superseded(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    predict(platform)
    written = [documents.write_documents(platform)]
    with pytest.raises(StudyQuarantinedError):
        store_studies(platform, sent(study(patient="right")[:1], whole=False))
    written += [documents.write_documents(platform), documents.write_documents(platform)]
    store_studies(platform, sent(study(patient="wrong")))
    written += [documents.write_documents(platform)]
    assert written == [1, 1, 0, 1]

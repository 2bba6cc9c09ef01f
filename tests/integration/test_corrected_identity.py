"""A known study that belongs to another patient by now: it never keeps the former patient's label in silence."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.deliveries import fetched
from tests.factories import dicom_bytes
from tests.hospital import drop, outcomes, quarantined, stored, stored_instances, study
from tests.integration.test_link import linked, report

TRUE_DATE = date(2018, 3, 4)
BORN: dict[str, Any] = {"birth_date": date(1960, 1, 2), "surgery_date": date(2018, 3, 20)}

USED = """
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256)
SELECT 'p', study_id, revision, 'T1', 'v', 'acquired', 'o', 'h' FROM idh.study;
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT 'd', 'T1', t.patient_key, 'p', false, l.report_key, l.report_version
FROM idh.study AS t JOIN idh.case_link AS l USING (study_id);
INSERT INTO idh.document (document_id, study_id, revision, content_hash, sop_instance_uid, object_key, sha256)
SELECT 'doc', study_id, revision, 'c', '2.25.1', 'k', 'h' FROM idh.study
"""


def patient_key(platform: Platform, patient: str) -> str:
    return platform.pseudonymiser.patient(platform.settings.issuer, patient)


def owner(platform: Platform) -> tuple[str, date]:
    """Return under which patient the study is stored, and its date as that patient's shift gives it back."""
    [(key, shifted)] = run_sql(platform, "SELECT patient_key, study_date FROM idh.study")
    return key, shifted - (platform.pseudonymiser.shifted(key, TRUE_DATE) - TRUE_DATE)


def stored_patients(platform: Platform) -> list[str]:
    """Return the patient that each stored file states."""
    return [
        str(_header(content).PatientID)
        for series in stored(platform).series
        for content in unzip(platform.store.get_checked(series.object_key, series.sha256)).values()
    ]


def _header(content: bytes) -> Dataset:
    return dcmread(DicomBytesIO(content), stop_before_pixels=True)


def sent(instances: Iterable[Dataset], *, whole: bool = True) -> FetchedFiles:
    files = {f"{number}.dcm": dicom_bytes(ds) for number, ds in enumerate(instances)}
    return fetched(files, study_uid="1.2.3" if whole else None)


def born(day: str, uid: str = "1.2.3") -> list[Dataset]:
    instances = study(uid)
    for ds in instances:
        ds.PatientBirthDate = day
    return instances


def doubts(platform: Platform) -> list[str]:
    return [code for (code,) in run_sql(platform, "SELECT code FROM idh.owner_doubt ORDER BY study_id")]


def test_a_resent_study_with_a_corrected_patient_id_is_made_anew_for_the_other_patient(platform: Platform) -> None:
    drop(platform, "one", study(patient="wrong"))
    night.ingest(platform, ("bucket",))
    drop(platform, "one", study(patient="right"))
    assert night.ingest(platform, ("bucket",)) is True
    right = patient_key(platform, "right")
    assert owner(platform) == (right, TRUE_DATE)
    assert stored_patients(platform) == [right] * 4
    assert stored(platform).revision == 2
    assert quarantined(platform) == {}


def test_the_move_is_an_audit_event_with_both_pseudonyms(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    store_studies(platform, sent(study(patient="right")))
    [(detail,)] = run_sql(platform, "SELECT detail FROM idh.audit_event WHERE action = 'patient changed'")
    assert (detail["former"], detail["present"]) == (patient_key(platform, "wrong"), patient_key(platform, "right"))
    assert (detail["documents"], detail["datasets"]) == ([], [])


def test_the_label_of_the_former_patient_is_gone_and_what_used_it_is_named(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    issuer = platform.settings.issuer
    study_id = stored(platform).study_id
    assert linked(platform, report(patient_id="wrong", issuer=issuer, **BORN)) == {study_id: ("OK", True)}
    run_sql(platform, USED)
    store_studies(platform, sent(study(patient="right")))
    assert linked(platform) == {}
    assert quarantined(platform) == {"study E_ID_CHANGED": 1}
    [(reason,)] = run_sql(platform, "SELECT reason FROM idh.quarantine WHERE code = 'E_ID_CHANGED'")
    assert reason == "under the former patient were made: documents doc; datasets d"
    assert run_sql(platform, "SELECT dataset_id, code FROM idh.affected_member") == [("d", "W_PERSON_CHANGED")]
    assert run_sql(platform, "SELECT documents, datasets FROM idh.owner_change") == [(["doc"], ["d"])]


def test_instances_that_do_not_come_with_a_moved_study_are_named(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    store_studies(platform, sent(study(patient="right")[:3]))
    assert stored_patients(platform) == [patient_key(platform, "right")] * 3
    [(reason,)] = run_sql(platform, "SELECT reason FROM idh.quarantine WHERE code = 'E_ID_CHANGED'")
    assert reason.endswith("; 1 instances did not come with it and are not used any more")


def test_both_patients_can_be_erased_after_a_move(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    linked(platform, report(patient_id="wrong", issuer=platform.settings.issuer, **BORN))
    run_sql(platform, USED)
    store_studies(platform, sent(study(patient="right")))
    for patient in ("right", "wrong"):
        erasure.erase(platform, patient_key(platform, patient), "dpo")
    for table in ("study", "dataset_member", "owner_change", "patient"):
        assert run_sql(platform, f"SELECT count(*) FROM idh.{table}") == [(0,)]


def test_a_part_under_another_patient_is_held_and_the_study_is_used_for_nobody(platform: Platform) -> None:
    issuer = platform.settings.issuer
    store_studies(platform, sent(study(patient="wrong")))
    with pytest.raises(StudyQuarantinedError, match="2 of its 4 instances are not delivered"):
        store_studies(platform, sent(study(patient="right")[:2], whole=False))
    assert owner(platform)[0] == patient_key(platform, "wrong")
    study_id = stored(platform).study_id
    assert linked(platform, report(patient_id="wrong", issuer=issuer, **BORN)) == {study_id: ("E_ID_CHANGED", False)}
    store_studies(platform, sent(study(patient="right"), whole=False))
    assert doubts(platform) == []
    assert owner(platform)[0] == patient_key(platform, "right")


def test_a_study_delivered_as_it_was_is_beyond_doubt_again(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="right")))
    with pytest.raises(StudyQuarantinedError):
        store_studies(platform, sent(study(patient="wrong")[:2], whole=False))
    store_studies(platform, sent(study(patient="right")))
    assert doubts(platform) == []


def test_what_an_archive_moved_to_the_other_patient_is_all_that_remains_of_the_study(platform: Platform) -> None:
    store_studies(platform, sent(study(patient="wrong")))
    store_studies(platform, sent(study(patient="right")[:3]))
    assert stored_patients(platform) == [patient_key(platform, "right")] * 3
    assert len(stored_instances(platform)) == 3


def test_there_and_back_again(platform: Platform) -> None:
    for patient in ("a", "b", "a"):
        drop(platform, "one", study(patient=patient))
        night.ingest(platform, ("bucket",))
        assert stored_patients(platform) == [patient_key(platform, patient)] * 4
    assert outcomes(platform) == {"ingested": 2}


def test_another_issuer_is_another_patient(platform: Platform) -> None:
    store_studies(platform, sent(study()))
    other = study()
    for ds in other:
        ds.IssuerOfPatientID = "ANOTHER"
    store_studies(platform, sent(other))
    assert owner(platform)[0] == platform.pseudonymiser.patient("ANOTHER", str(other[0].PatientID))


def test_a_corrected_birth_date_of_a_patients_only_study_is_taken(platform: Platform) -> None:
    store_studies(platform, sent(born("19600102")))
    assert store_studies(platform, sent(born("19500102"))) == {stored(platform).study_id: False}
    assert run_sql(platform, "SELECT birth_date FROM phi.patient_identity") == [(date(1950, 1, 2),)]
    [(age,)] = run_sql(platform, "SELECT age_years FROM idh.study")
    assert float(age) == 68.2


def test_a_birth_date_that_only_one_of_two_studies_states_is_doubted_until_both_do(platform: Platform) -> None:
    store_studies(platform, sent(born("19600102"), whole=False))
    store_studies(platform, sent(born("19600102", "1.2.4"), whole=False))
    with pytest.raises(StudyQuarantinedError, match="birth date or sex differ"):
        store_studies(platform, sent(born("19500102"), whole=False))
    assert doubts(platform) == ["E_DEMOGRAPHIC_MISMATCH"]
    store_studies(platform, sent(born("19500102", "1.2.4"), whole=False))
    assert doubts(platform) == []
    assert run_sql(platform, "SELECT birth_date FROM phi.patient_identity") == [(date(1950, 1, 2),)]

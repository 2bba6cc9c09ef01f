"""Ingest with a real bucket, PACS and database."""

from datetime import date
from pathlib import Path

import pytest
from pydicom import Dataset

from idh_tasks.db import watermarks
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport.send import send_study
from idh_tasks.local import orthanc
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.ingest.sources import bucket
from idh_tasks.pipelines.platform import Platform
from tests.archives import readable
from tests.database import run_sql
from tests.factories import MARKER_ID, dicom_bytes, instance
from tests.hospital import drop, outcomes, quarantined, stored, study


def test_a_zip_becomes_an_identified_study_without_patient_identifiers(platform: Platform) -> None:
    drop(platform, "one", study())
    assert night.ingest(platform, ("bucket",)) is True
    [series] = stored(platform).series
    assert series.identification.sequence == "T1"
    assert series.instances == 4
    content = readable(series.object_key, platform.store.get_checked(series.object_key, series.sha256))
    assert b"DICM" in content
    assert MARKER_ID.encode() not in content


def test_n08_a_second_night_changes_nothing(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    assert night.ingest(platform, ("bucket",)) is False
    assert outcomes(platform) == {"ingested": 1}


def test_n08_the_same_study_delivered_again_is_unchanged(platform: Platform) -> None:
    drop(platform, "one", study())
    drop(platform, "two", study(), note=b"other archive, same study")
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "unchanged": 1}


def test_n07_a_late_slice_makes_a_new_revision(platform: Platform) -> None:
    drop(platform, "one", study(slices=4))
    night.ingest(platform, ("bucket",))
    drop(platform, "two", study(slices=5))
    night.ingest(platform, ("bucket",))
    grown = stored(platform)
    assert (grown.revision, grown.series[0].instances) == (2, 5)


def test_a_faulty_delivery_is_quarantined_and_the_others_are_ingested(platform: Platform) -> None:
    drop(platform, "good", study("1.2.3"))
    platform.drop.put("drop/bad.zip", b"not an archive")
    drop(platform, "empty", [], text=b"no image")
    drop(platform, "last", study("1.2.4", patient="other"))
    assert night.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 2, "quarantined E_ARCHIVE": 1, "quarantined E_NO_IMAGES": 1}


def test_d01_a_truncated_instance_is_quarantined_and_its_study_is_ingested(platform: Platform) -> None:
    drop(platform, "one", study(), cut=dicom_bytes(instance(PixelData=b"\1" * 40)))
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1}
    assert quarantined(platform) == {"instance E_PIXEL_LENGTH": 1}


def test_a_rejected_instance_is_shown_with_its_study_if_the_delivery_holds_no_other(platform: Platform) -> None:
    cut = dicom_bytes(instance(PixelData=b"\1" * 40))
    drop(platform, "one", study("1.2.3"), cut=cut)
    night.ingest(platform, ("bucket",))
    held = "SELECT q.study_id IS NOT NULL, t.study_id = q.study_id FROM idh.quarantine AS q CROSS JOIN idh.study AS t"
    assert run_sql(platform, held) == [(True, True)]


def test_a_rejected_instance_of_a_delivery_with_several_studies_is_of_none(platform: Platform) -> None:
    cut = dicom_bytes(instance(PixelData=b"\1" * 40))
    drop(platform, "one", [*study("1.2.3"), *study("1.2.4", patient="other")], cut=cut)
    night.ingest(platform, ("bucket",))
    assert run_sql(platform, "SELECT study_id FROM idh.quarantine") == [(None,)]


def test_l07_another_birth_date_for_the_same_identifier_is_quarantined(platform: Platform) -> None:
    drop(platform, "one", study("1.2.3"))
    night.ingest(platform, ("bucket",))
    drop(platform, "two", [_with_other_birth_date(ds) for ds in study("1.2.4")])
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_DEMOGRAPHIC_MISMATCH": 1}


def _with_other_birth_date(ds: Dataset) -> Dataset:
    ds.PatientBirthDate = "19700101"
    return ds


def test_a_failed_delivery_turns_the_night_red_and_is_retried(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(platform, "one", study())
    discovery = discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(bucket, "open_archive", lambda _content: 1 / 0)
        with pytest.raises(TransientError, match="1 of 1 deliveries failed"):
            ingest_batch(platform, discovery["batches"][0]["ids"])
    with pytest.raises(RunRefusedError, match="E_RECONCILE"):
        reconcile(balance(platform, discovery))
    assert night.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")
def test_a_study_of_the_pacs_is_found_and_retrieved(platform: Platform, tmp_path: Path) -> None:
    pacs = platform.settings.pacs
    assert pacs is not None
    files = []
    for number, ds in enumerate(study("1.2.826.0.1.99", patient="pacs patient")):
        ds.StudyDescription = "MR Brain"
        ds.StudyDate = "20200304"
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    send_study(pacs, files)
    # Other tests have left studies in the PACS that are two years older.
    night.ingest(platform, ("pacs",), since=date(2020, 1, 1))
    assert outcomes(platform) == {"ingested": 1}
    with platform.database.begin() as transaction:
        watermark = watermarks.position(transaction, "pacs")
    assert stored(platform, "1.2.826.0.1.99").series[0].instances == 4
    assert watermark == "20200304"

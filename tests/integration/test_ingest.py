"""Ingest against a real bucket, PACS and database."""

from datetime import date
from pathlib import Path

import pytest
from pydicom import Dataset

from idh_tasks.db import studies
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport import dimse
from idh_tasks.local import orthanc
from idh_tasks.pipelines.ingest import night, sources
from idh_tasks.pipelines.platform import Platform
from tests.factories import MARKER_ID, dicom_bytes, instance
from tests.hospital import drop, held_back, outcomes, study


def test_a_zip_becomes_a_named_study_without_identifiers(platform: Platform) -> None:
    drop(platform, "one", study())
    assert night.ingest(platform, ("bucket",)) is True
    study_id = platform.pseudonymiser.study("1.2.3")
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, study_id)
    [series] = stored.series
    assert series.identification.sequence == "T1"
    assert series.instances == 4
    assert MARKER_ID.encode() not in platform.store.get_checked(series.object_key, series.sha256)


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
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, StudyId(platform.pseudonymiser.study("1.2.3")))
    assert (stored.revision, stored.series[0].instances) == (2, 5)


def test_a_bad_delivery_is_quarantined_and_its_neighbours_finish(platform: Platform) -> None:
    drop(platform, "good", study("1.2.3"))
    platform.drop.put("drop/bad.zip", b"no archive")
    drop(platform, "empty", [], text=b"no image")
    drop(platform, "last", study("1.2.4", patient="other"))
    assert night.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 2, "quarantined E_ARCHIVE": 1, "quarantined E_NO_IMAGES": 1}


def test_d01_a_cut_instance_is_held_and_the_rest_of_its_study_goes_on(platform: Platform) -> None:
    drop(platform, "one", study(), cut=dicom_bytes(instance(PixelData=b"\1" * 40)))
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1}
    assert held_back(platform) == {"instance E_PIXEL_LENGTH": 1}


def test_l07_another_birth_date_at_the_same_identifier_is_quarantined(platform: Platform) -> None:
    drop(platform, "one", study("1.2.3"))
    night.ingest(platform, ("bucket",))
    drop(platform, "two", [*(_reborn(ds) for ds in study("1.2.4"))])
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_DEMOGRAPHIC_MISMATCH": 1}


def _reborn(ds: Dataset) -> Dataset:
    ds.PatientBirthDate = "19700101"
    return ds


def test_a_failed_delivery_turns_the_night_red_and_is_tried_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(platform, "one", study())
    found = night.discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(sources, "open_archive", lambda _content: 1 / 0)
        with pytest.raises(TransientError, match="1 of 1 deliveries failed"):
            night.ingest_batch(platform, found["batches"][0]["ids"])
    with pytest.raises(RunRefusedError, match="E_RECONCILE"):
        night.reconcile(platform, found)
    assert night.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")
def test_the_pacs_is_asked_and_its_study_retrieved(platform: Platform, tmp_path: Path) -> None:
    pacs = platform.settings.pacs
    assert pacs is not None
    files = []
    for number, ds in enumerate(study("1.2.826.0.1.99", patient="pacs patient")):
        ds.StudyDate = "20200304"
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    dimse.send_study(pacs, files)
    # Other tests left their studies in the PACS, two years older.
    night.ingest(platform, ("pacs",), since=date(2020, 1, 1))
    assert outcomes(platform) == {"ingested": 1}
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, StudyId(platform.pseudonymiser.study("1.2.826.0.1.99")))
        watermark = transaction.one("watermarks/select_watermark", source="pacs")
    assert stored.series[0].instances == 4
    assert watermark == {"position": "20200304"}

"""Nights that are not like others: late, doubled, vanished, conflicting and suspicious deliveries."""

import errno
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread

from idh_tasks.db import inbox, quarantine
from idh_tasks.errors import RunRefusedError, StudyQuarantinedError, TransientError
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.intake.transport.dimse import PacsStudy
from idh_tasks.pipelines.ingest import night, sources, store_study
from idh_tasks.pipelines.ingest.sources import Fetched, Source
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import PacsSettings
from idh_tasks.store import keys
from tests.factories import MARKER_ID, dicom_bytes, instance
from tests.hospital import count, drop, held_back, loose, outcomes, stored, study, tarred, zipped


def test_loose_instances_are_one_study_by_folder(platform: Platform) -> None:
    loose(platform, "from the scanner", study())
    assert night.ingest(platform, ("bucket",)) is True
    assert stored(platform).series[0].instances == 4
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_tar_is_opened_like_a_zip(platform: Platform, mode: str) -> None:
    platform.drop.put("drop/study.tar.gz", tarred(study(), mode))
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 4


def test_an_archive_may_hold_several_studies(platform: Platform) -> None:
    drop(platform, "two", [*study("1.2.3"), *study("1.2.4", patient="other")])
    night.ingest(platform, ("bucket",))
    assert count(platform, "idh.study") == 2


def test_s04_keys_with_blanks_and_umlauts_are_read_and_bad_keys_are_named(platform: Platform) -> None:
    platform.drop.put("drop/ein Name mit Ü.zip", zipped({"1.dcm": dicom_bytes(study()[0])}))
    platform.drop.put("drop/bell\x07.zip", b"whatever")
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_BAD_KEY": 1}


def test_s01_an_object_that_vanishes_is_no_failure_and_is_taken_when_it_is_back(platform: Platform) -> None:
    drop(platform, "one", study())
    found = night.discover(platform, ("bucket",))
    platform.drop._client.delete_object(Bucket=platform.drop.bucket, Key="drop/one.zip")
    night.ingest_batch(platform, found["batches"][0]["ids"])
    assert night.reconcile(platform, found) is False
    assert outcomes(platform) == {"vanished W_VANISHED": 1}
    drop(platform, "one", study())
    assert night.ingest(platform, ("bucket",)) is True


def test_s02_an_object_replaced_after_it_was_listed_is_never_mixed(platform: Platform) -> None:
    drop(platform, "one", study(slices=3))
    found = night.discover(platform, ("bucket",))
    drop(platform, "one", study(slices=5))
    night.ingest_batch(platform, found["batches"][0]["ids"])
    assert outcomes(platform) == {"vanished E_CHANGED": 1}
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 5


def test_n07_a_late_series_delivered_alone_is_added(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    late = study()
    for number, ds in enumerate(late):
        ds.SeriesInstanceUID = "1.2.3.2"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.2.{number}"
    drop(platform, "two", late)
    night.ingest(platform, ("bucket",))
    found = stored(platform)
    assert (found.revision, [s.instances for s in found.series]) == (2, [4, 4])


def test_n07_part_of_a_known_study_delivered_again_changes_nothing(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    drop(platform, "two", study()[:2])
    assert night.ingest(platform, ("bucket",)) is False
    assert stored(platform).series[0].instances == 4


def test_n08_every_time_a_delivery_is_seen_is_counted(platform: Platform) -> None:
    drop(platform, "one", study())
    for _ in range(3):
        night.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        assert transaction._connection.exec_driver_sql("SELECT times_seen FROM phi.inbox").scalar_one() == 3


def test_n09_the_same_instance_with_other_bytes_is_a_conflict_that_keeps_both(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    before = stored(platform).series[0].sha256
    other = study()
    other[2].PixelData = b"\7\0" * 64
    drop(platform, "two", other)
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].sha256 == before
    assert held_back(platform) == {"instance E_SOP_CONFLICT": 1}
    with platform.database.begin() as transaction:
        [held] = quarantine.listed(transaction)
    kept = platform.vault.open(platform.store.get(keys.quarantined(held["subject"])))
    assert dcmread(BytesIO(kept)).PixelData == other[2].PixelData


def test_quarantined_bytes_are_kept_sealed_and_can_be_readmitted(platform: Platform) -> None:
    content = dicom_bytes(instance(PixelData=b"\1" * 40))
    drop(platform, "one", study(), cut=content)
    night.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        [held] = quarantine.listed(transaction)
    sealed = platform.store.get(keys.quarantined(held["subject"]))
    assert MARKER_ID.encode() not in sealed
    assert platform.vault.open(sealed) == content
    assert len(night.readmit(platform, held["subject"])) == 1
    assert outcomes(platform) == {"found": 1}
    night.ingest(platform, ("bucket",))
    assert held_back(platform) == {"instance E_PIXEL_LENGTH": 1}


def test_n06_instances_of_several_patients_in_one_study_are_refused(platform: Platform) -> None:
    found = study()
    found[1].PatientID = "somebody else"
    drop(platform, "one", found)
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"quarantined E_ID_MISMATCH": 1}


@pytest.mark.parametrize(
    "asked", [{"study_uid": "1.2.777"}, {"study_uid": "1.2.3", "patients": frozenset({"somebody else"})}]
)
def test_n06_what_was_not_asked_for_is_refused(platform: Platform, asked: dict[str, Any]) -> None:
    files = {f"{n}.dcm": dicom_bytes(ds) for n, ds in enumerate(study())}
    with pytest.raises(StudyQuarantinedError, match="E_ID_MISMATCH"):
        store_study.store_studies(platform, Fetched(files, **asked))
    assert count(platform, "idh.study") == 0


def test_n12_a_source_that_refuses_us_is_audited_and_does_not_hold_the_others_back(platform: Platform) -> None:
    away = PacsSettings(host="127.0.0.1", port=1, called_aet="A", calling_aet="B", timeout_s=2)
    hurt = Platform(platform.settings.model_copy(update={"pacs": away}))
    drop(hurt, "one", study())
    with pytest.raises(RunRefusedError, match="pacs was away"):
        night.ingest(hurt)
    assert outcomes(platform) == {"ingested": 1}
    with pytest.raises(TransientError, match="E_PACS"):
        night.discover(hurt, ("pacs",))
    told = "SELECT subject, detail ->> 'code' FROM idh.audit_event WHERE action = 'source refused'"
    with platform.database.begin() as transaction:
        assert transaction._connection.exec_driver_sql(told).all() == [("pacs", "E_PACS"), ("pacs", "E_PACS")]


def test_n05_a_pacs_that_lists_nothing_after_nights_of_many_is_suspicious(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(studies: int) -> Source:
        found = [PacsStudy(f"1.2.{n}", "20180304", 1) for n in range(studies)]
        return replace(sources.SOURCES["pacs"], found=lambda p, _: sources._listed(p, "pacs", found))

    for studies in (3, 2, 4, 3, 3):
        monkeypatch.setattr(night, "SOURCES", {"pacs": listed(studies)})
        with platform.database.begin() as transaction:
            transaction._connection.exec_driver_sql("UPDATE phi.inbox SET state = 'unchanged'")
        discovery = night.discover(platform, ("pacs",))
        with platform.database.begin() as transaction:
            transaction._connection.exec_driver_sql("UPDATE phi.inbox SET state = 'unchanged'")
        night.reconcile(platform, discovery)
    monkeypatch.setattr(night, "SOURCES", {"pacs": listed(0)})
    with pytest.raises(RunRefusedError, match="E_EMPTY_SUSPECT"):
        night.reconcile(platform, night.discover(platform, ("pacs",)))
    with platform.database.begin() as transaction:
        assert inbox.watermark(transaction, "pacs") == "20180304"


def test_n13_a_study_of_tomorrow_does_not_move_the_watermark_past_today(platform: Platform) -> None:
    found = sources._listed(platform, "pacs", [PacsStudy("1.2.3", "29990101", 1)])
    assert found[0].position == f"{datetime.now(UTC):%Y%m%d}"
    with platform.database.begin() as transaction:
        inbox.register(transaction, "pacs", found)
    since, until = sources._window(platform, "pacs", None)
    today = datetime.now(UTC).date()
    assert (today - since).days == sources.OVERLAP.days
    assert until > today


def test_a_night_is_balanced_by_source(platform: Platform) -> None:
    drop(platform, "good", study())
    drop(platform, "again", study(), note=b"x")
    platform.drop.put("drop/bad.zip", b"no archive")
    night.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        row = transaction._connection.exec_driver_sql(
            "SELECT found, new, unchanged, quarantined, failed, vanished FROM idh.ingest_night"
        ).one()
    assert tuple(row) == (3, 1, 1, 1, 0, 0)


def test_f01_a_full_disk_is_named_and_tried_again(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(platform, "one", study())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/Zebedee")

    found = night.discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "check_all", full)
        with pytest.raises(TransientError):
            night.ingest_batch(platform, found["batches"][0]["ids"])
    assert outcomes(platform) == {"failed E_DISK": 1}
    assert night.ingest(platform, ("bucket",)) is True


def test_originals_are_kept_only_where_a_setting_says_so_and_sealed(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    originals = list(platform.store.listed("phi/originals/"))
    keeping = Platform(platform.settings.model_copy(update={"keep_originals": True}))
    drop(platform, "two", study("1.2.4", patient="other"))
    night.ingest(keeping, ("bucket",))
    added = [item.key for item in platform.store.listed("phi/originals/")]
    assert len(added) == len(originals) + 1
    newest = next(key for key in added if platform.pseudonymiser.study("1.2.4") in key)
    files = unzip(platform.vault.open(platform.store.get(newest)))
    assert {dcmread(BytesIO(content)).PatientID for content in files.values()} == {"other"}


def test_c01_twenty_workers_times_five_store_one_study_once(platform: Platform) -> None:
    instances = study(slices=50)
    for number, ds in enumerate(instances):
        ds.SeriesInstanceUID = f"1.2.3.{number % 2}"
    halves = [instances[:25], instances[25:], instances[::2], instances]
    contents = [{f"{n}.dcm": dicom_bytes(ds) for n, ds in enumerate(half)} for half in halves]

    def load(number: int) -> None:
        store_study.store_studies(platform, Fetched(contents[number % 4]))

    with ThreadPoolExecutor(20) as workers:
        list(workers.map(load, range(100)))
    assert [s.instances for s in stored(platform).series] == [25, 25]
    assert (count(platform, "idh.study"), count(platform, "idh.instance")) == (1, 50)
    assert held_back(platform) == {}

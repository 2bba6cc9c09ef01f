"""Ingest against a real bucket, PACS and database."""

import errno
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.db import inbox, quarantine, studies
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake import dimse
from idh_tasks.intake.archive import unzip
from idh_tasks.intake.dimse import PacsStudy
from idh_tasks.intake.sandbox import Sandbox
from idh_tasks.local import orthanc
from idh_tasks.pipelines import ingest, sources, store_study
from idh_tasks.pipelines.gated import gate
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.sources import Source
from idh_tasks.settings import PacsSettings
from idh_tasks.store import keys
from tests.factories import MARKER_ID, dicom_bytes, instance, stack

SE_T1 = {"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "10", "SeriesDescription": "t1_se_tra"}


def study(uid: str = "1.2.3", patient: str = MARKER_ID, slices: int = 4) -> list[Dataset]:
    places = [5.0 * k for k in range(slices)]
    found = stack(places, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", PatientID=patient, **SE_T1)
    for number, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{uid}.1.{number + 1}"
    return found


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def drop(platform: Platform, name: str, instances: list[Dataset], **extra: bytes) -> None:
    files = {f"{number}.dcm": dicom_bytes(ds) for number, ds in enumerate(instances)} | extra
    platform.drop.put(f"drop/{name}.zip", zipped(files))


def outcomes(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {f"{r['state']} {r['code']}".strip(): r["items"] for r in transaction.rows("count_inbox_states")}


def held_back(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {f"{r['scope']} {r['code']}": r["items"] for r in transaction.rows("count_quarantine")}


def test_a_zip_becomes_a_named_study_without_identifiers(platform: Platform) -> None:
    drop(platform, "one", study())
    assert ingest.ingest(platform, ("bucket",)) is True
    study_id = platform.pseudonymiser.study("1.2.3")
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, study_id)
    [series] = stored.series
    assert series.identification.sequence == "T1"
    assert series.instances == 4
    assert MARKER_ID.encode() not in platform.store.get_checked(series.object_key, series.sha256)


def test_n08_a_second_night_changes_nothing(platform: Platform) -> None:
    drop(platform, "one", study())
    ingest.ingest(platform, ("bucket",))
    assert ingest.ingest(platform, ("bucket",)) is False
    assert outcomes(platform) == {"ingested": 1}


def test_n08_the_same_study_delivered_again_is_unchanged(platform: Platform) -> None:
    drop(platform, "one", study())
    drop(platform, "two", study(), note=b"other archive, same study")
    ingest.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "unchanged": 1}


def test_n07_a_late_slice_makes_a_new_revision(platform: Platform) -> None:
    drop(platform, "one", study(slices=4))
    ingest.ingest(platform, ("bucket",))
    drop(platform, "two", study(slices=5))
    ingest.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, StudyId(platform.pseudonymiser.study("1.2.3")))
    assert (stored.revision, stored.series[0].instances) == (2, 5)


def test_a_bad_delivery_is_quarantined_and_its_neighbours_finish(platform: Platform) -> None:
    drop(platform, "good", study("1.2.3"))
    platform.drop.put("drop/bad.zip", b"no archive")
    drop(platform, "empty", [], text=b"no image")
    drop(platform, "last", study("1.2.4", patient="other"))
    assert ingest.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 2, "quarantined E_ARCHIVE": 1, "quarantined E_NO_IMAGES": 1}


def test_d01_a_cut_instance_is_held_and_the_rest_of_its_study_goes_on(platform: Platform) -> None:
    drop(platform, "one", study(), cut=dicom_bytes(instance(PixelData=b"\1" * 40)))
    ingest.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1}
    assert held_back(platform) == {"instance E_PIXEL_LENGTH": 1}


def test_l07_another_birth_date_at_the_same_identifier_is_quarantined(platform: Platform) -> None:
    drop(platform, "one", study("1.2.3"))
    ingest.ingest(platform, ("bucket",))
    drop(platform, "two", [*(_reborn(ds) for ds in study("1.2.4"))])
    ingest.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_DEMOGRAPHIC_MISMATCH": 1}


def _reborn(ds: Dataset) -> Dataset:
    ds.PatientBirthDate = "19700101"
    return ds


def test_a_failed_delivery_turns_the_night_red_and_is_tried_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(platform, "one", study())
    found = ingest.discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(sources, "open_archive", lambda _content: 1 / 0)
        with pytest.raises(TransientError, match="1 of 1 deliveries failed"):
            ingest.ingest_batch(platform, found["batches"][0]["ids"])
    with pytest.raises(RunRefusedError, match="E_RECONCILE"):
        ingest.reconcile(platform, found)
    assert ingest.ingest(platform, ("bucket",)) is True
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")
def test_the_pacs_is_asked_and_its_study_retrieved(platform: Platform, tmp_path: Path) -> None:
    pacs = platform.settings.pacs
    assert pacs is not None
    files = []
    for number, ds in enumerate(study("1.2.826.0.1.99", patient="pacs patient")):
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(dicom_bytes(ds))
    dimse.send_study(pacs, files)
    ingest.ingest(platform, ("pacs",))
    assert outcomes(platform) == {"ingested": 1}
    with platform.database.begin() as transaction:
        stored = studies.get(transaction, StudyId(platform.pseudonymiser.study("1.2.826.0.1.99")))
        watermark = transaction.one("select_watermark", source="pacs")
    assert stored.series[0].instances == 4
    assert watermark == {"position": "20180304"}


def loose(platform: Platform, folder: str, instances: list[Dataset]) -> None:
    for number, ds in enumerate(instances):
        platform.drop.put(f"drop/{folder}/instance {number} ü.dcm", dicom_bytes(ds))


def tarred(instances: list[Dataset], mode: str = "w:gz") -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for number, ds in enumerate(instances):
            content = dicom_bytes(ds)
            entry = tarfile.TarInfo(f"a/{number}.dcm")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def stored(platform: Platform, uid: str = "1.2.3") -> studies.StoredStudy:
    with platform.database.begin() as transaction:
        return studies.get(transaction, platform.pseudonymiser.study(uid))


def count(platform: Platform, table: str) -> int:
    with platform.database.begin() as transaction:
        return int(transaction._connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 - names of our own


def test_loose_instances_are_one_study_by_folder(platform: Platform) -> None:
    loose(platform, "from the scanner", study())
    assert ingest.ingest(platform, ("bucket",)) is True
    assert stored(platform).series[0].instances == 4
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_tar_is_opened_like_a_zip(platform: Platform, mode: str) -> None:
    platform.drop.put("drop/study.tar.gz", tarred(study(), mode))
    ingest.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 4


def test_an_archive_may_hold_several_studies(platform: Platform) -> None:
    drop(platform, "two", [*study("1.2.3"), *study("1.2.4", patient="other")])
    ingest.ingest(platform, ("bucket",))
    assert count(platform, "idh.study") == 2


def test_s04_keys_with_blanks_and_umlauts_are_read_and_bad_keys_are_named(platform: Platform) -> None:
    platform.drop.put("drop/ein Name mit Ü.zip", zipped({"1.dcm": dicom_bytes(study()[0])}))
    platform.drop.put("drop/bell\x07.zip", b"whatever")
    ingest.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_BAD_KEY": 1}


def test_s01_an_object_that_vanishes_is_no_failure_and_is_taken_when_it_is_back(platform: Platform) -> None:
    drop(platform, "one", study())
    found = ingest.discover(platform, ("bucket",))
    platform.drop._client.delete_object(Bucket=platform.drop.bucket, Key="drop/one.zip")
    ingest.ingest_batch(platform, found["batches"][0]["ids"])
    assert ingest.reconcile(platform, found) is False
    assert outcomes(platform) == {"vanished W_VANISHED": 1}
    drop(platform, "one", study())
    assert ingest.ingest(platform, ("bucket",)) is True


def test_s02_an_object_replaced_after_it_was_listed_is_never_mixed(platform: Platform) -> None:
    drop(platform, "one", study(slices=3))
    found = ingest.discover(platform, ("bucket",))
    drop(platform, "one", study(slices=5))
    ingest.ingest_batch(platform, found["batches"][0]["ids"])
    assert outcomes(platform) == {"vanished E_CHANGED": 1}
    ingest.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 5


def test_n07_a_late_series_delivered_alone_is_added(platform: Platform) -> None:
    drop(platform, "one", study())
    ingest.ingest(platform, ("bucket",))
    late = study()
    for number, ds in enumerate(late):
        ds.SeriesInstanceUID = "1.2.3.2"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.2.{number}"
    drop(platform, "two", late)
    ingest.ingest(platform, ("bucket",))
    found = stored(platform)
    assert (found.revision, [s.instances for s in found.series]) == (2, [4, 4])


def test_n07_part_of_a_known_study_delivered_again_changes_nothing(platform: Platform) -> None:
    drop(platform, "one", study())
    ingest.ingest(platform, ("bucket",))
    drop(platform, "two", study()[:2])
    assert ingest.ingest(platform, ("bucket",)) is False
    assert stored(platform).series[0].instances == 4


def test_n08_every_time_a_delivery_is_seen_is_counted(platform: Platform) -> None:
    drop(platform, "one", study())
    for _ in range(3):
        ingest.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        assert transaction._connection.exec_driver_sql("SELECT times_seen FROM phi.inbox").scalar_one() == 3


def test_n09_the_same_instance_with_other_bytes_is_a_conflict_that_keeps_both(platform: Platform) -> None:
    drop(platform, "one", study())
    ingest.ingest(platform, ("bucket",))
    before = stored(platform).series[0].sha256
    other = study()
    other[2].PixelData = b"\7\0" * 64
    drop(platform, "two", other)
    ingest.ingest(platform, ("bucket",))
    assert stored(platform).series[0].sha256 == before
    assert held_back(platform) == {"instance E_SOP_CONFLICT": 1}
    with platform.database.begin() as transaction:
        [held] = quarantine.listed(transaction)
    kept = platform.vault.open(platform.store.get(keys.quarantined(held["subject"])))
    assert dcmread(BytesIO(kept)).PixelData == other[2].PixelData


def test_quarantined_bytes_are_kept_sealed_and_can_be_readmitted(platform: Platform) -> None:
    content = dicom_bytes(instance(PixelData=b"\1" * 40))
    drop(platform, "one", study(), cut=content)
    ingest.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        [held] = quarantine.listed(transaction)
    sealed = platform.store.get(keys.quarantined(held["subject"]))
    assert MARKER_ID.encode() not in sealed
    assert platform.vault.open(sealed) == content
    assert len(ingest.readmit(platform, held["subject"])) == 1
    assert outcomes(platform) == {"found": 1}
    ingest.ingest(platform, ("bucket",))
    assert held_back(platform) == {"instance E_PIXEL_LENGTH": 1}


@pytest.mark.parametrize(
    ("hurt", "code"),
    [
        (lambda found: found.pop(2), "E_GEOMETRY_GAP"),
        (lambda found: setattr(found[1], "ImageOrientationPatient", [0, 1, 0, 0, 0, -1]), "E_GEOMETRY_ORIENT"),
        (lambda found: setattr(found[1], "PixelSpacing", [2.0, 2.0]), "E_GEOMETRY_MATRIX"),
        (lambda found: [setattr(ds, "PixelData", b"\0" * 128) for ds in found], "E_EMPTY_IMAGE"),
        (lambda found: setattr(found[1], "ImagePositionPatient", [0, 0, 0]), "E_GEOMETRY_DUP"),
    ],
    ids=["D12 gap", "D13 rotated", "D15 spacing", "D23 empty", "D14 doubled"],
)
def test_a_series_with_a_fault_is_kept_named_and_not_used(
    platform: Platform, hurt: Callable[[list[Dataset]], object], code: str
) -> None:
    found = study(slices=6)
    hurt(found)
    drop(platform, "one", [*found, *_other_series()])
    ingest.ingest(platform, ("bucket",))
    faults = {s.fault.code if s.fault else None for s in stored(platform).series}
    assert faults == {code, None}


def _other_series() -> list[Dataset]:
    good = stack([0.0, 5.0, 10.0], StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.7", **SE_T1)
    for number, ds in enumerate(good):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.7.{number}"
    return good


def test_d14_two_acquisitions_at_the_same_places_become_two_series(platform: Platform) -> None:
    first, second = study(slices=4), study(slices=4)
    for number, ds in enumerate(second):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.8.{number}"
    for found, acquisition in ((first, 1), (second, 2)):
        for ds in found:
            ds.AcquisitionNumber = acquisition
    drop(platform, "one", [*first, *second])
    ingest.ingest(platform, ("bucket",))
    assert [(s.instances, s.fault) for s in stored(platform).series] == [(4, None), (4, None)]


def test_d18_an_enhanced_series_is_kept_and_flagged(platform: Platform) -> None:
    enhanced = instance(SOPClassUID=EnhancedMRImageStorage, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.5",
                        NumberOfFrames=2, PixelData=b"\1\2" * 128, **SE_T1)  # fmt: skip
    drop(platform, "one", [*study(), enhanced])
    ingest.ingest(platform, ("bucket",))
    assert {s.fault.code if s.fault else None for s in stored(platform).series} == {None, "E_UNSUPPORTED_SOP"}


def test_of_two_candidates_the_axial_and_finer_comes_first(platform: Platform) -> None:
    coarse, fine = study(slices=4), _other_series()
    for ds in coarse:
        ds.SliceThickness = 5
    for ds in fine:
        ds.SliceThickness = 1
    drop(platform, "one", [*coarse, *fine])
    ingest.ingest(platform, ("bucket",))
    assert [s.fineness.voxel_mm3 for s in stored(platform).series] == [1.0, 5.0]


def test_n06_instances_of_several_patients_in_one_study_are_refused(platform: Platform) -> None:
    found = study()
    found[1].PatientID = "somebody else"
    drop(platform, "one", found)
    ingest.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"quarantined E_ID_MISMATCH": 1}


def test_a_source_that_is_away_does_not_hold_the_others_back(platform: Platform) -> None:
    away = PacsSettings(host="127.0.0.1", port=1, called_aet="A", calling_aet="B", timeout_s=2)
    hurt = Platform(platform.settings.model_copy(update={"pacs": away}))
    drop(hurt, "one", study())
    with pytest.raises(RunRefusedError, match="pacs was away"):
        ingest.ingest(hurt)
    assert outcomes(platform) == {"ingested": 1}
    with pytest.raises(TransientError, match="E_PACS"):
        ingest.discover(hurt, ("pacs",))


def test_n05_a_pacs_that_lists_nothing_after_nights_of_many_is_suspicious(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(studies: int) -> Source:
        found = [PacsStudy(f"1.2.{n}", "20180304", 1) for n in range(studies)]
        return replace(sources.SOURCES["pacs"], found=lambda p, _: sources._listed(p, "pacs", found))

    for night in (3, 2, 4, 3, 3):
        monkeypatch.setattr(ingest, "SOURCES", {"pacs": listed(night)})
        with platform.database.begin() as transaction:
            transaction._connection.exec_driver_sql("UPDATE phi.inbox SET state = 'unchanged'")
        discovery = ingest.discover(platform, ("pacs",))
        with platform.database.begin() as transaction:
            transaction._connection.exec_driver_sql("UPDATE phi.inbox SET state = 'unchanged'")
        ingest.reconcile(platform, discovery)
    monkeypatch.setattr(ingest, "SOURCES", {"pacs": listed(0)})
    with pytest.raises(RunRefusedError, match="E_EMPTY_SUSPECT"):
        ingest.reconcile(platform, ingest.discover(platform, ("pacs",)))
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
    ingest.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        row = transaction._connection.exec_driver_sql(
            "SELECT found, new, unchanged, quarantined, failed, vanished FROM idh.ingest_night"
        ).one()
    assert tuple(row) == (3, 1, 1, 1, 0, 0)


def test_f01_a_full_disk_is_named_and_tried_again(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(platform, "one", study())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/Zebedee")

    found = ingest.discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "check", full)
        with pytest.raises(TransientError):
            ingest.ingest_batch(platform, found["batches"][0]["ids"])
    assert outcomes(platform) == {"failed E_DISK": 1}
    assert ingest.ingest(platform, ("bucket",)) is True


def test_originals_are_kept_only_where_a_setting_says_so_and_sealed(platform: Platform) -> None:
    drop(platform, "one", study())
    ingest.ingest(platform, ("bucket",))
    originals = list(platform.store.listed("phi/originals/"))
    keeping = Platform(platform.settings.model_copy(update={"keep_originals": True}))
    drop(platform, "two", study("1.2.4", patient="other"))
    ingest.ingest(keeping, ("bucket",))
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
    gated = [gate(platform, files) for files in contents]
    identity = store_study._identity(platform, instances)
    study_id = platform.pseudonymiser.study("1.2.3")

    def load(number: int) -> None:
        found = gated[number % 4]
        store_study._store(platform, store_study.Arrived(study_id, identity, tuple(found.instances), None, None))

    with ThreadPoolExecutor(20) as workers:
        list(workers.map(load, range(100)))
    assert [s.instances for s in stored(platform).series] == [25, 25]
    assert (count(platform, "idh.study"), count(platform, "idh.instance")) == (1, 50)
    assert held_back(platform) == {}

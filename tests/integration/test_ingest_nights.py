"""Unusual nights: late, repeated, vanished, conflicting and suspicious deliveries."""

import errno
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Literal

import pytest
from pydicom import dcmread
from pydicom.uid import RTStructureSetStorage

from idh_tasks.db import inbox, quarantine, watermarks
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import RunRefusedError, StudyQuarantinedError, TransientError
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest import discovery, night
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.ingest.sources import SOURCES, StudySource
from idh_tasks.pipelines.ingest.sources.items import OVERLAP, query_window, selected, study_items
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.operate import readmission
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from tests.database import run_sql
from tests.deliveries import fetched
from tests.factories import MARKER_ID, dicom_bytes, instance
from tests.hospital import (
    count,
    drop,
    drop_loose,
    outcomes,
    quarantined,
    stored,
    stored_instances,
    study,
    tarred,
    with_instance_uid,
    zipped,
)


def test_loose_instances_in_a_folder_form_one_study(platform: Platform) -> None:
    drop_loose(platform, "from the scanner", study())
    assert night.ingest(platform, ("bucket",)) is True
    assert stored(platform).series[0].instances == 4
    assert outcomes(platform) == {"ingested": 1}


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_a_tar_is_opened_like_a_zip(platform: Platform, mode: Literal["w:gz", "w"]) -> None:
    platform.drop.put("drop/study.tar.gz", tarred(study(), mode))
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 4


def test_an_archive_may_hold_several_studies(platform: Platform) -> None:
    drop(platform, "two", [*study("1.2.3"), *study("1.2.4", patient="other")])
    night.ingest(platform, ("bucket",))
    assert count(platform, "idh.study") == 2


def test_an_outline_whose_images_did_not_come_with_it_is_held(platform: Platform) -> None:
    outline = instance(SOPClassUID=RTStructureSetStorage, StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1")
    drop(platform, "one", [*study(), with_instance_uid(outline, "1.2.9.1.1")])
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1}
    assert quarantined(platform) == {"instance E_NO_IMAGES": 1}


def test_s04_keys_with_blanks_and_umlauts_are_read_and_unsafe_keys_are_quarantined(platform: Platform) -> None:
    platform.drop.put("drop/ein Name mit Ü.zip", zipped({"1.dcm": dicom_bytes(study()[0])}))
    platform.drop.put("drop/bell\x07.zip", b"whatever")
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1, "quarantined E_BAD_KEY": 1}


def test_s01_an_object_that_vanishes_is_no_failure_and_is_ingested_when_it_is_back(platform: Platform) -> None:
    drop(platform, "one", study())
    listed = discover(platform, ("bucket",))
    platform.drop.delete("drop/one.zip")
    ingest_batch(platform, listed["batches"][0]["ids"])
    assert reconcile(balance(platform, listed))["studies"] == 0
    assert outcomes(platform) == {"vanished W_VANISHED": 1}
    drop(platform, "one", study())
    assert night.ingest(platform, ("bucket",)) is True


def test_s02_an_object_replaced_after_it_was_listed_is_never_mixed(platform: Platform) -> None:
    drop(platform, "one", study(slices=3))
    listed = discover(platform, ("bucket",))
    drop(platform, "one", study(slices=5))
    ingest_batch(platform, listed["batches"][0]["ids"])
    assert outcomes(platform) == {"vanished E_CHANGED": 1}
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].instances == 5


def test_n07_a_late_series_delivered_alone_is_added(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    late = [with_instance_uid(ds, f"1.2.3.2.{number}") for number, ds in enumerate(study())]
    for ds in late:
        ds.SeriesInstanceUID = "1.2.3.2"
    drop(platform, "two", late)
    night.ingest(platform, ("bucket",))
    grown = stored(platform)
    assert (grown.revision, [s.instances for s in grown.series]) == (2, [4, 4])


def test_n07_a_part_of_a_known_study_delivered_again_changes_nothing(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    drop(platform, "two", study()[:2])
    assert night.ingest(platform, ("bucket",)) is False
    assert stored(platform).series[0].instances == 4


def test_n08_it_is_counted_how_often_a_delivery_was_listed(platform: Platform) -> None:
    drop(platform, "one", study())
    for _ in range(3):
        night.ingest(platform, ("bucket",))
    assert run_sql(platform, "SELECT times_seen FROM phi.inbox") == [(3,)]


def test_n09_the_same_instance_with_other_bytes_is_a_conflict_that_keeps_both(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    before = stored(platform).series[0].sha256
    other = study()
    other[2].PixelData = b"\7\0" * 64
    drop(platform, "two", other)
    night.ingest(platform, ("bucket",))
    assert stored(platform).series[0].sha256 == before
    assert quarantined(platform) == {"instance E_SOP_CONFLICT": 1}
    with platform.database.begin() as transaction:
        [entry] = quarantine.list_entries(transaction)
    content = platform.vault.open(platform.store.get(keys.quarantined(entry.subject)))
    assert dcmread(BytesIO(content)).PixelData == other[2].PixelData


def test_quarantined_bytes_are_stored_encrypted_and_can_be_readmitted(platform: Platform) -> None:
    content = dicom_bytes(instance(PixelData=b"\1" * 40))
    drop(platform, "one", study(), cut=content)
    night.ingest(platform, ("bucket",))
    with platform.database.begin() as transaction:
        [entry] = quarantine.list_entries(transaction)
    sealed = platform.store.get(keys.quarantined(entry.subject))
    assert MARKER_ID.encode() not in sealed
    assert platform.vault.open(sealed) == content
    assert readmission.readmit(platform, [entry.subject], "mary") == 1
    assert outcomes(platform) == {"found": 1}
    night.ingest(platform, ("bucket",))
    assert quarantined(platform) == {"instance E_PIXEL_LENGTH": 1}


def test_n06_instances_of_several_patients_in_one_study_are_refused(platform: Platform) -> None:
    instances = study()
    instances[1].PatientID = "somebody else"
    drop(platform, "one", instances)
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"quarantined E_ID_MISMATCH": 1}


@pytest.mark.parametrize(
    "requested", [{"study_uid": "1.2.777"}, {"study_uid": "1.2.3", "patients": frozenset({"somebody else"})}]
)
def test_n06_files_that_were_not_requested_are_refused(platform: Platform, requested: dict[str, Any]) -> None:
    files = {f"{n}.dcm": dicom_bytes(ds) for n, ds in enumerate(study())}
    with pytest.raises(StudyQuarantinedError, match="E_ID_MISMATCH"):
        store_studies(platform, fetched(files, **requested))
    assert count(platform, "idh.study") == 0


def test_n12_a_source_that_refuses_us_is_audited_and_does_not_stop_the_others(platform: Platform) -> None:
    unreachable = PacsSettings(host="127.0.0.1", port=1, called_aet="A", calling_aet="B", timeout_s=2)
    impaired = Platform(platform.settings.model_copy(update={"pacs": unreachable}))
    drop(impaired, "one", study())
    with pytest.raises(RunRefusedError, match="pacs could not be listed"):
        night.ingest(impaired)
    assert outcomes(platform) == {"ingested": 1}
    with pytest.raises(TransientError, match="E_PACS"):
        discover(impaired, ("pacs",))
    audited = "SELECT subject, detail ->> 'code' FROM idh.audit_event WHERE action = 'source refused'"
    assert run_sql(platform, audited) == [("pacs", "E_PACS"), ("pacs", "E_PACS")]


def test_n05_a_pacs_that_lists_nothing_after_busy_nights_is_suspicious(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listing(count: int) -> StudySource:
        studies = [PacsStudy(f"1.2.{n}", "20180304", 1) for n in range(count)]
        return replace(SOURCES["pacs"], list_items=lambda p, _: selected(p, "pacs", studies))

    for studies in (3, 2, 4, 3, 3):
        monkeypatch.setattr(discovery, "SOURCES", {"pacs": listing(studies)})
        run_sql(platform, "UPDATE phi.inbox SET state = 'unchanged'")
        listed = discover(platform, ("pacs",))
        run_sql(platform, "UPDATE phi.inbox SET state = 'unchanged'")
        reconcile(balance(platform, listed))
    monkeypatch.setattr(discovery, "SOURCES", {"pacs": listing(0)})
    with pytest.raises(RunRefusedError, match="E_EMPTY_SUSPECT"):
        reconcile(balance(platform, discover(platform, ("pacs",))))
    with platform.database.begin() as transaction:
        assert watermarks.position(transaction, "pacs") == "20180304"


def test_n13_a_future_study_date_does_not_move_the_watermark_past_today(platform: Platform) -> None:
    items = study_items(platform, "pacs", [PacsStudy("1.2.3", "29990101", 1)])
    assert items[0].position == f"{datetime.now(UTC):%Y%m%d}"
    with platform.database.begin() as transaction:
        inbox.register(transaction, "pacs", items)
    since, until = query_window(platform, "pacs", None)
    today = datetime.now(UTC).date()
    assert (today - since).days == OVERLAP.days
    assert until > today


def test_the_balance_of_a_night_is_recorded_by_source(platform: Platform) -> None:
    drop(platform, "good", study())
    drop(platform, "again", study(), note=b"x")
    platform.drop.put("drop/bad.zip", b"not an archive")
    night.ingest(platform, ("bucket",))
    balance = "SELECT found, new, unchanged, quarantined, failed, vanished FROM idh.ingest_night"
    assert run_sql(platform, balance) == [(3, 1, 1, 1, 0, 0)]


def test_f01_a_full_disk_is_reported_and_retried(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(platform, "one", study())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/Zebedee")

    listed = discover(platform, ("bucket",))
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "check_all", full)
        with pytest.raises(TransientError):
            ingest_batch(platform, listed["batches"][0]["ids"])
    assert outcomes(platform) == {"failed E_DISK": 1}
    assert night.ingest(platform, ("bucket",)) is True


def test_originals_are_stored_only_if_a_setting_asks_for_them_and_encrypted(platform: Platform) -> None:
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


def test_c01_twenty_concurrent_workers_store_a_study_once(platform: Platform) -> None:
    instances = study(slices=50)
    for number, ds in enumerate(instances):
        ds.SeriesInstanceUID = f"1.2.3.{number % 2}"
    halves = [instances[:25], instances[25:], instances[::2], instances]
    contents = [{f"{n}.dcm": dicom_bytes(ds) for n, ds in enumerate(half)} for half in halves]

    def load(number: int) -> None:
        store_studies(platform, fetched(contents[number % 4]))

    with ThreadPoolExecutor(20) as workers:
        list(workers.map(load, range(100)))
    assert [s.instances for s in stored(platform).series] == [25, 25]
    assert (count(platform, "idh.study"), len(stored_instances(platform))) == (1, 50)
    assert quarantined(platform) == {}

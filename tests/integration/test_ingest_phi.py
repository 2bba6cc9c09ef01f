"""H02, H03: whatever goes wrong, nothing that identifies a patient leaves schema phi."""

import logging
import warnings

import pytest
from pydicom import Dataset

from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.ingest import instances, night
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.platform import Platform
from tests.archives import readable
from tests.database import run_sql
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance
from tests.files import with_raw
from tests.hospital import drop, outcomes, quarantined, study, zipped

PLANTED = (b"Zebedee", b"ZEBEDEE", MARKER_ID.encode(), b"MARKER-UID", b"19600102")


def deliver_every_fault(platform: Platform) -> None:
    """Deliver what gate, merge and registry refuse, with the patient's name in many places."""
    named = {"PatientName": MARKER, "PatientComments": f"{MARKER} {MARKER_ID}", "SeriesDescription": f"t1 {MARKER}"}
    rejected = {
        "Zebedee truncated.dcm": dicom_bytes(instance(PixelData=b"\1" * 40, **named)),
        "burned.dcm": dicom_bytes(instance(BurnedInAnnotation="YES", **named)),
        "text.dcm": MARKER.encode() * 100,
        "name in a number.dcm": with_raw(instance(**named), (0x0020, 0x0012), b"IS", MARKER.encode()),
        "name in a date.dcm": with_raw(instance(**named), (0x0008, 0x0021), b"DA", b"Zebedee!"),
    }
    drop(platform, "good Zebedee", study(), **rejected)
    night.ingest(platform, ("bucket",))
    drop(platform, "conflict", _changed(PixelData=b"\7\0" * 64))
    drop(platform, "other birth date", _changed(PatientBirthDate="19700101", StudyInstanceUID="1.2.9"))
    drop(platform, "two patients", [*study("1.2.8")[:2], *_changed(PatientID="other", StudyInstanceUID="1.2.8")])
    platform.drop.put("drop/Zebedee.zip", b"not an archive of Zebedee")
    platform.drop.put("drop/link Zebedee.zip", zipped({"../Zebedee": MARKER.encode()}))
    platform.drop.put("drop/Zebedee\x07.zip", b"")


def _changed(**overrides: object) -> list[Dataset]:
    changed = study()
    for ds in changed:
        for keyword, value in overrides.items():
            setattr(ds, keyword, value)
    return changed


def everything_outside(platform: Platform) -> dict[str, bytes]:
    """Return all tables of schema idh and all objects with their keys."""
    contents: dict[str, bytes] = {}
    for (table,) in run_sql(platform, "SELECT tablename FROM pg_tables WHERE schemaname = 'idh'"):
        rows = run_sql(platform, f'SELECT CAST(t AS text) FROM idh."{table}" AS t')
        contents[f"idh.{table}"] = "\n".join(text for (text,) in rows).encode()
    for item in platform.store.listed(""):
        contents[item.key] = item.key.encode() + readable(item.key, platform.store.get(item.key))
    return contents


def test_h02_no_failure_path_discloses_a_name(
    platform: Platform, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(record=True) as issued, caplog.at_level(logging.INFO):
        warnings.simplefilter("always")
        deliver_every_fault(platform)
        night.ingest(platform, ("bucket",))
    codes = {name.split()[-1] for name in (*outcomes(platform), *quarantined(platform))}
    assert codes >= {"E_PIXEL_LENGTH", "E_BURNED_IN", "E_NOT_DICOM", "E_VR_INVALID", "W_VR_INVALID", "E_SOP_CONFLICT",
                     "E_DEMOGRAPHIC_MISMATCH", "E_ID_MISMATCH", "E_ARCHIVE", "E_BAD_KEY"}  # fmt: skip
    out, err = capfd.readouterr()
    output = {"log": caplog.text, "warnings": str([str(w.message) for w in issued]), "stdout": out, "stderr": err}
    places = everything_outside(platform) | {name: text.encode() for name, text in output.items()}
    assert [(name, marker) for name, text in places.items() for marker in PLANTED if marker in text] == []
    recorded = run_sql(platform, "SELECT name FROM phi.patient_identity")
    assert (MARKER,) in recorded, "the scan would find it"


def test_h03_an_exception_that_carries_the_data_set_is_reported_without_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(ds: object, *_: object) -> None:
        raise ValueError(f"cannot handle {ds!r}")

    drop(platform, "one", study())
    monkeypatch.setattr(instances, "deidentify", failing)
    listed = discover(platform, ("bucket",))
    with caplog.at_level(logging.DEBUG, "idh_tasks"), pytest.raises(TransientError) as caught:
        ingest_batch(platform, listed["batches"][0]["ids"])
    assert outcomes(platform) == {"failed E_UNEXPECTED": 1}
    with pytest.raises(RunRefusedError) as red:
        reconcile(balance(platform, listed))
    places = everything_outside(platform) | {
        "log": caplog.text.encode(),
        "error": f"{caught.value!r} {red.value!r}".encode(),
    }
    assert [(name, marker) for name, text in places.items() for marker in PLANTED if marker in text] == []

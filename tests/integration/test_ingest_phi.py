"""H02, H03: whatever goes wrong, nothing that names a patient leaves schema phi."""

import logging
import warnings

import pytest

from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.ingest import night, store_study
from idh_tasks.pipelines.platform import Platform
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance
from tests.hospital import drop, held_back, outcomes, study, zipped
from tests.unit.intake.gate.test_instance import with_raw

PLANTED = (b"Zebedee", b"ZEBEDEE", MARKER_ID.encode(), b"MARKER-UID", b"19600102")


def hurt_in_every_way(platform: Platform) -> None:
    """Deliver what the gate, the merge and the registry refuse, each with the patient's name in many places."""
    named = {"PatientName": MARKER, "PatientComments": f"{MARKER} {MARKER_ID}", "SeriesDescription": f"t1 {MARKER}"}
    rejected = {
        "Zebedee cut.dcm": dicom_bytes(instance(PixelData=b"\1" * 40, **named)),
        "burned.dcm": dicom_bytes(instance(BurnedInAnnotation="YES", **named)),
        "text.dcm": MARKER.encode() * 100,
        "name in a number.dcm": with_raw(instance(**named), (0x0020, 0x0012), b"IS", MARKER.encode()),
        "name in a date.dcm": with_raw(instance(**named), (0x0008, 0x0021), b"DA", b"Zebedee!"),
    }
    drop(platform, "good Zebedee", study(), **rejected)
    night.ingest(platform, ("bucket",))
    drop(platform, "conflict", [*_changed(PixelData=b"\7\0" * 64)])
    drop(platform, "reborn", [*_changed(PatientBirthDate="19700101", StudyInstanceUID="1.2.9")])
    drop(platform, "two patients", [*study("1.2.8")[:2], *_changed(PatientID="other", StudyInstanceUID="1.2.8")])
    platform.drop.put("drop/Zebedee.zip", b"no archive of Zebedee")
    platform.drop.put("drop/link Zebedee.zip", zipped({"../Zebedee": MARKER.encode()}))
    platform.drop.put("drop/Zebedee\x07.zip", b"")


def _changed(**overrides: object) -> list:  # type: ignore[type-arg]  # of data sets
    found = study()
    for ds in found:
        for keyword, value in overrides.items():
            setattr(ds, keyword, value)
    return found


def everything_outside(platform: Platform) -> dict[str, bytes]:
    """Return all tables of schema idh and all objects with their keys."""
    found: dict[str, bytes] = {}
    with platform.database.begin() as transaction:
        run = transaction._connection.exec_driver_sql
        for (table,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'idh'").all():
            rows = run(f'SELECT t::text FROM idh."{table}" AS t').scalars()
            found[f"idh.{table}"] = "\n".join(rows).encode()
    for item in platform.store.listed(""):
        found[item.key] = item.key.encode() + platform.store.get(item.key)
    return found


def test_h02_no_failure_path_lets_a_name_out(
    platform: Platform, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.INFO):
        warnings.simplefilter("always")
        hurt_in_every_way(platform)
        night.ingest(platform, ("bucket",))
    codes = {name.split()[-1] for name in (*outcomes(platform), *held_back(platform))}
    assert codes >= {"E_PIXEL_LENGTH", "E_BURNED_IN", "E_NOT_DICOM", "E_VR_INVALID", "W_VR_INVALID", "E_SOP_CONFLICT",
                     "E_DEMOGRAPHIC_MISMATCH", "E_ID_MISMATCH", "E_ARCHIVE", "E_BAD_KEY"}  # fmt: skip
    out, err = capfd.readouterr()
    said = {"log": caplog.text, "warnings": str([str(w.message) for w in warned]), "stdout": out, "stderr": err}
    places = everything_outside(platform) | {name: text.encode() for name, text in said.items()}
    assert [(name, marker) for name, text in places.items() for marker in PLANTED if marker in text] == []
    with platform.database.begin() as transaction:
        known = transaction._connection.exec_driver_sql("SELECT name FROM phi.patient_identity").scalars().all()
    assert MARKER in known, "the scan would find it"


def test_h03_an_exception_that_carries_the_data_set_is_told_without_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(ds: object, *_: object) -> None:
        raise ValueError(f"cannot handle {ds!r}")

    drop(platform, "one", study())
    monkeypatch.setattr(store_study, "deidentify", failing)
    with caplog.at_level(logging.DEBUG, "idh_tasks"), pytest.raises(TransientError) as caught:
        night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"failed E_UNEXPECTED": 1}
    with pytest.raises(RunRefusedError) as red:
        night.reconcile(platform, night.discover(platform, ("bucket",)))
    places = everything_outside(platform) | {
        "log": caplog.text.encode(),
        "error": f"{caught.value!r} {red.value!r}".encode(),
    }
    assert [(name, marker) for name, text in places.items() for marker in PLANTED if marker in text] == []

"""Every change of a row or an object is reported; changes that are exempt by name are not."""

import copy
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from pydicom import Dataset
from typer.testing import CliRunner

from tests.factories import dicom_bytes, instance
from tools.compare_outcomes import cli, compared, report
from tools.outcome_contents import content_of
from tools.outcome_snapshot import Home, Row, Snapshot, Table, canonical, disclosed, write

STUDY, PATIENT = "5" * 24, "9" * 24
KEYS = {
    "idh.dataset": ("dataset_id",),
    "idh.training_run": ("run_id",),
    "idh.patch": ("patch_id",),
    "idh.model": ("model_id",),
    "idh.prediction": ("patch_id", "model_id"),
    "idh.document": ("document_id",),
    "idh.audit_event": ("event_id",),
}


def npy(values: list[float]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(values, dtype=np.float32))
    return buffer.getvalue()


def keras(weights: list[float], saved: str = "2026-01-01", number: int = 1) -> bytes:
    """Return an archive as Keras writes it: with its time, the number of the layer, and memory addresses."""
    stored, out = io.BytesIO(), io.BytesIO()
    config = {"name": f"dense_{number}", "units": 32, "dtype": {"shared_object_id": 140_000 + number}}
    with h5py.File(stored, "w") as file:
        file["layers/dense/vars/0"] = np.array(weights, dtype=np.float32)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15", "date_saved": saved}))
        archive.writestr("model.weights.h5", stored.getvalue())
    return out.getvalue()


def html(auc: str = "0.81", words: str = "Sequence", line: str = "M 0 1 L 2 3") -> bytes:
    """Return a report with one table and one figure."""
    return (
        f"<p>{words}</p><table><tr><td>{words} T1</td><td>{auc}</td></tr></table><svg><path d='{line}'/></svg>".encode()
    )


def document(probability: float) -> bytes:
    """Return a DICOM file with a number inside a sequence."""
    measured = Dataset()
    measured.FloatingPointValue = probability
    return dicom_bytes(instance(SOPInstanceUID="1.2.3.5", MeasuredValueSequence=[measured]))


def outcome(digit: str = "a", time: str = "2026-01-01T00:00:00+00:00") -> Snapshot:
    """Return what an installation holds whose digests of code and settings are made of one digit."""
    patches = {sequence: f"{number}{digit * 23}" for number, sequence in enumerate(("T1", "T2"))}
    version, run, model = f"{digit * 12}-{digit * 12}", f"c{digit * 23}", f"d{digit * 23}"
    rows: dict[str, list[Row]] = {
        "idh.dataset": [{"dataset_id": f"e{digit * 23}", "created_at": time}],
        "idh.training_run": [
            {"run_id": run, "dataset_id": f"e{digit * 23}", "code_version": digit * 12, "created_at": time}
        ],
        "idh.patch": [
            {
                "patch_id": patch,
                "study_id": STUDY,
                "revision": 1,
                "sequence": sequence,
                "created_at": time,
                "settings_hash": version,
                "object_key": f"patches/{STUDY}/{sequence}-{patch}.npy",
                "reason": None,
                "origin": {"code": digit * 12, "inputs": {sequence: "f" * 64}},
                "roi_mean": 1.5,
            }
            for sequence, patch in patches.items()
        ],
        "idh.model": [
            {"model_id": model, "run_id": run, "sequence": "T1", "sha256": digit * 64, "slope": 1.25},
        ],
        "idh.prediction": [{"patch_id": patches["T1"], "model_id": model, "probability_mutant": 0.75}],
        "idh.document": [
            {
                "document_id": f"7{digit * 23}",
                "study_id": STUDY,
                "content_hash": f"8{digit * 23}",
                "sop_instance_uid": f"2.25.{ord(digit)}",
                "created_at": time,
                "supersedes": None,
            }
        ],
        "idh.audit_event": [
            {
                "event_id": ord(digit),
                "actor": "train",
                "subject": run,
                "occurred_at": time,
                "action": "not trained",
                "detail": {"reason": f"E_COHORT: 3 patients of dataset 4{digit}71"},
            }
        ],
    }
    objects = [
        (f"patches/{STUDY}/T1-{patches['T1']}.npy", "1" * 64, content_of("T1.npy", npy([1, 2]))),
        (f"models/{run}/T1.keras", digit * 64, content_of("T1.keras", keras([3, 4], time, ord(digit)))),
        (f"reports/{run}/report.html", digit * 64, content_of("report.html", html(words=f"Sequence {digit}"))),
    ]
    return canonical({name: Table(KEYS[name], found) for name, found in rows.items()}, objects)


def changed(name: str, change: dict[str, Any], row: int = 0) -> Snapshot:
    """Return the outcome with some values of one row replaced."""
    found = copy.deepcopy(outcome())
    found[name].rows[row].update(change)
    return found


def differing(before: Snapshot, after: Snapshot) -> dict[str, int]:
    """Return the tables in which anything differs, with the number of rows."""
    return {one.table: one.different for one in compared(before, after) if one.different}


def test_other_digests_of_code_other_times_and_other_words_are_no_difference() -> None:
    assert differing(outcome("a"), outcome("b", "2027-07-07T07:07:07+00:00")) == {}


def test_ids_are_renamed_in_object_keys_and_references_too() -> None:
    found = outcome()
    patch = f"patch of {STUDY} revision 1 T1 by imaging version 1"
    assert found["idh.prediction"].rows[0]["patch_id"] == patch
    assert found["store.patches"].rows[0]["object_key"] == f"patches/{STUDY}/T1-{patch}.npy"
    assert found["store.models"].rows[0]["object_key"] == "models/run 1/T1.keras"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("idh.patch", {"roi_mean": 1.5000000000000002}),
        ("idh.patch", {"origin": {"code": "a" * 12, "inputs": {"T1": "0" * 64}}}),
        ("idh.model", {"slope": None}),
        ("idh.prediction", {"patch_id": f"patch of {STUDY} revision 1 T2 by imaging version 1"}),
        ("idh.audit_event", {"actor": "auto"}),
        ("idh.training_run", {"dataset_id": "dataset 2"}),
        ("idh.document", {"supersedes": f"document 1 of {STUDY}"}),
    ],
)
def test_a_changed_value_or_reference_is_reported(name: str, change: dict[str, Any]) -> None:
    assert set(differing(outcome(), changed(name, change))) == {name}


def test_a_difference_is_shown_with_both_values() -> None:
    lines = list(report(compared(outcome(), changed("idh.model", {"slope": 9.75}))))
    assert "        slope: 1.25 -> 9.75" in lines
    assert "    model of run 1 T1" in lines
    assert "idh.model: 1 and 1 rows compared, 1 different" in lines


def test_a_lost_row_and_a_lost_table_are_reported() -> None:
    fewer, without = outcome(), outcome()
    del fewer["idh.patch"].rows[0], without["store.models"]
    assert differing(outcome(), fewer) == {"idh.patch": 1}
    assert differing(without, outcome()) == {"store.models": 1}


def test_repeated_rows_without_a_key_are_counted_one_by_one() -> None:
    thrice = outcome()
    thrice["idh.audit_event"].rows.extend(thrice["idh.audit_event"].rows[0] | {"event_id": n} for n in (5, 6))
    assert differing(outcome(), thrice) == {"idh.audit_event": 2}


@pytest.mark.parametrize("reason", ["E_OTHER: 3 patients", "E_COHORT: 4 patients", "E_COHORT: nobody"])
def test_of_rewritten_words_codes_and_numbers_are_compared(reason: str) -> None:
    assert differing(outcome(), changed("idh.audit_event", {"detail": {"reason": "E_COHORT: only 3"}})) == {}
    assert set(differing(outcome(), changed("idh.audit_event", {"detail": {"reason": reason}}))) == {"idh.audit_event"}


def test_a_time_that_is_missing_is_reported() -> None:
    assert differing(outcome(), changed("idh.dataset", {"created_at": None})) == {"idh.dataset": 1}


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("patch.npy", npy([1, 2]), npy([1, 2.0000002])),
        ("model.keras", keras([3, 4]), keras([3, 4.0000005])),
        ("report.html", html(), html(auc="0.82")),
        ("report.html", html(), html(line="M 0 1 L 2 4")),
        ("report.json", b'{"sequences": [{"auc": 0.5}]}', b'{"sequences": [{"auc": 0.6}]}'),
        ("scores.csv", b"T1,p1,0.25\n", b"T1,p1,0.26\n"),
        ("document.dcm", document(0.5), document(0.25)),
        ("series.zip", keras([3, 4]), keras([3, 5])),
        ("sheet.png", b"one", b"two"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_a_changed_number_in_an_object_is_reported(key: str, before: bytes, after: bytes) -> None:
    old, new = ({"store.any": Table(("key",), [{"key": key, **content_of(key, b)}])} for b in (before, after))
    assert differing(old, new) == {"store.any": 1}
    assert differing(old, old) == {}


def test_a_row_that_refers_to_another_array_than_the_stored_one_is_reported() -> None:
    assert differing(outcome(), changed("idh.model", {"sha256": "0" * 64})) == {"idh.model": 1}


def test_what_identifies_a_patient_leaves_only_as_a_keyed_hash(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"pseudonym_key": "k" * 32}))
    row = {"patient_key": PATIENT, "name": "Zebedee^Marker", "birth_date": date(1960, 1, 2), "unknown": 4711}
    found = disclosed(Home(tmp_path), "phi", row)
    assert found["patient_key"] == PATIENT
    assert not {"Zebedee^Marker", "1960-01-02", "4711"} & {str(value) for value in found.values()}
    assert found == disclosed(Home(tmp_path), "phi", row)


def test_the_command_exits_with_1_on_a_difference_and_on_nothing_to_compare(tmp_path: Path) -> None:
    same, other, empty = (tmp_path / f"{name}.json" for name in ("same", "other", "empty"))
    write(outcome(), same)
    write(changed("idh.model", {"slope": 9.75}), other)
    write({}, empty)
    codes = [CliRunner().invoke(cli, ["compare", str(same), str(path)]).exit_code for path in (same, other, empty)] + [
        CliRunner().invoke(cli, ["compare", str(empty), str(empty)]).exit_code
    ]
    assert codes == [0, 1, 1, 1]

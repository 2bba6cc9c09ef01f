"""`idh intake` on files: one line per file or series, as JSON with `--json`."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import EnhancedMRImageStorage
from typer.testing import CliRunner

from idh_tasks.cli import app
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance, stack
from tests.hospital import zipped

FLAIR = {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9420", "EchoTime": "140", "InversionTime": "2500"}


def lines(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app.cli, ["intake", *arguments, "--json"])
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.output.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a good series, a series with a gap, a text file and a cut instance."""
    for name, places in (("good", [0.0, 5.0, 10.0, 15.0]), ("gap", [0.0, 5.0, 10.0, 20.0, 25.0])):
        for number, ds in enumerate(stack(places, SeriesInstanceUID=f"1.2.3.{len(places)}", **FLAIR)):
            (tmp_path / f"{name}{number}.dcm").write_bytes(dicom_bytes(ds))
    (tmp_path / "note.dcm").write_text("no DICOM")
    (tmp_path / "cut.dcm").write_bytes(dicom_bytes(instance(PixelData=b"\1" * 40)))
    return tmp_path


def test_gate_states_for_every_file_whether_it_is_admitted(folder: Path) -> None:
    verdicts = {Path(line["file"]).name: (line["verdict"], line["code"]) for line in lines("gate", str(folder))}
    assert len(verdicts) == 11
    assert {verdicts[f"good{n}.dcm"] for n in range(4)} == {("accepted", None)}
    assert {verdicts[f"gap{n}.dcm"] for n in range(5)} == {("quarantined", "E_GEOMETRY_GAP")}
    assert verdicts["note.dcm"] == ("quarantined", "E_NOT_DICOM")
    assert verdicts["cut.dcm"] == ("quarantined", "E_PIXEL_LENGTH")


def test_d13_a_localizer_among_the_slices_of_a_series_is_no_fault_of_the_series(tmp_path: Path) -> None:
    instances = stack([0.0, 5.0, 10.0, 15.0], ImageType=["ORIGINAL", "PRIMARY", "M"], **FLAIR)
    localizer = instance(
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=[0, 1, 0, 0, 0, -1], **FLAIR
    )
    for number, ds in enumerate([localizer, *instances]):
        (tmp_path / f"{number}.dcm").write_bytes(dicom_bytes(ds))
    assert {line["code"] for line in lines("gate", str(tmp_path))} == {None}


def test_d18_an_enhanced_image_is_accepted_and_flagged(tmp_path: Path) -> None:
    enhanced = instance(SOPClassUID=EnhancedMRImageStorage, NumberOfFrames=2, PixelData=b"\1\2" * 128)
    del enhanced.ImagePositionPatient
    (tmp_path / "1.dcm").write_bytes(dicom_bytes(enhanced))
    [line] = lines("gate", str(tmp_path))
    assert (line["verdict"], line["code"]) == ("accepted", "E_UNSUPPORTED_SOP")


def test_a_diffusion_series_may_contain_volumes_that_cannot_be_told_apart(tmp_path: Path) -> None:
    for number, ds in enumerate(
        [*stack([0.0, 5.0, 10.0, 15.0], DiffusionBValue=1000.0), *stack([0.0, 5.0, 10.0, 15.0], DiffusionBValue=1000.0)]
    ):
        (tmp_path / f"{number}.dcm").write_bytes(dicom_bytes(ds))
    assert {line["verdict"] for line in lines("gate", str(tmp_path))} == {"accepted"}


def test_gate_accepts_a_copy_and_refuses_another_file_of_the_same_instance(tmp_path: Path) -> None:
    [first, *_] = instances = stack([0.0, 5.0, 10.0, 15.0])
    other = instance(SOPInstanceUID=first.SOPInstanceUID, PixelData=b"\1\2" * 64)
    _write(tmp_path, [*instances, first, other])
    codes = {Path(line["file"]).name: line["code"] for line in lines("gate", str(tmp_path))}
    assert codes == {**dict.fromkeys(f"{number}.dcm" for number in range(5)), "5.dcm": "E_SOP_CONFLICT"}


def test_gate_opens_archives(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    path.write_bytes(zipped({"1.dcm": dicom_bytes(instance()), "notes.txt": b"text", "readme.txt": b"text"}))
    assert {(line["verdict"], line["code"]) for line in lines("gate", str(path))} == {
        ("accepted", "E_GEOMETRY_SLICES"),
        ("quarantined", "E_NOT_DICOM"),
        ("skipped", "W_CLUTTER"),
    }
    path.write_bytes(b"broken")
    assert [line["code"] for line in lines("gate", str(path))] == ["E_ARCHIVE"]


def test_classify_states_the_sequence_of_each_series_with_evidence(folder: Path) -> None:
    series = {line["series_uid"]: line for line in lines("classify", str(folder))}
    good = series["1.2.3.4"]
    assert (good["sequence"], good["confidence"], good["files"]) == ("FLAIR", "high", 4)
    assert good["why"].startswith("TI 2500 ms, TE 140 ms, TR 9420 ms → FLAIR")


def test_deidentify_writes_clean_files_and_the_same_files_on_repetition(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDH_PSEUDONYM_KEY", "k" * 40)
    out, again = tmp_path / "out", tmp_path / "again"
    source = folder / "good0.dcm"
    [line] = lines("deidentify", str(source), str(out))
    lines("deidentify", str(source), str(again))
    [written], [repeated] = list(out.iterdir()), list(again.iterdir())
    assert line["verdict"] == f"written {written.name}"
    assert written.read_bytes() == repeated.read_bytes()
    assert MARKER.encode() not in written.read_bytes()
    assert MARKER_ID.encode() not in written.read_bytes()
    assert dcmread(written).PatientIdentityRemoved == "YES"


def test_deidentify_fails_if_a_file_is_left_out(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_PSEUDONYM_KEY", "k" * 40)
    [line] = lines("deidentify", str(folder / "note.dcm"), str(tmp_path / "out"), code=1)
    assert line["code"] == "E_NOT_DICOM"


def test_classify_reports_what_the_gate_refuses_by_itself(folder: Path) -> None:
    refused = {Path(line["file"]).name: line["code"] for line in lines("classify", str(folder)) if line["file"]}
    assert refused == {"note.dcm": "E_NOT_DICOM", "cut.dcm": "E_PIXEL_LENGTH"}


def test_classify_states_the_fault_that_keeps_a_series_from_being_used(folder: Path) -> None:
    [gap] = [line for line in lines("classify", str(folder)) if line["series_uid"] == "1.2.3.5"]
    assert (gap["sequence"], gap["code"]) == ("FLAIR", "E_GEOMETRY_GAP")


def test_classify_lists_the_parts_of_a_split_series(tmp_path: Path) -> None:
    second = stack([0.0, 5.0, 10.0], EchoNumbers=2, RepetitionTime="4000", EchoTime="100")
    first = stack([0.0, 5.0, 10.0], EchoNumbers=1, RepetitionTime="4000", EchoTime="12")
    _write(tmp_path, [*second, *first])
    parts = {line["label"]: (line["sequence"], line["files"]) for line in lines("classify", str(tmp_path))}
    assert sorted(parts.values()) == [("OTHER", 3), ("T2", 3)]
    assert all(parts)


def test_classify_decides_an_mprage_by_its_study(tmp_path: Path) -> None:
    mprage = {"ScanningSequence": ["GR", "IR"], "RepetitionTime": "1900", "EchoTime": "2.5", "InversionTime": "900"}
    bolus = {"ScanningSequence": ["EP", "GR"], "RepetitionTime": "1500", "EchoTime": "30", "ContrastBolusAgent": "X"}
    for number, (time, physics) in enumerate((("100000", mprage), ("101000", bolus), ("102000", mprage))):
        series = stack([0.0, 5.0], **physics, AcquisitionTime=time, SeriesInstanceUID=f"1.2.3.{number}")
        volumes = series if physics is mprage else [ds for _ in range(20) for ds in _copies(series)]
        (tmp_path / str(number)).mkdir()
        _write(tmp_path / str(number), volumes)
    answers = {line["series_uid"]: (line["sequence"], line["confidence"]) for line in lines("classify", str(tmp_path))}
    assert answers == {"1.2.3.0": ("T1", "high"), "1.2.3.1": ("DSC", "high"), "1.2.3.2": ("MPRAGE", "high")}


@pytest.mark.parametrize("command", ["gate", "classify"])
def test_a_mosaic_of_another_vendor_ends_in_a_code(tmp_path: Path, command: str) -> None:
    mosaic = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]
    _write(tmp_path, stack([0.0, 0.0], ImageType=mosaic, Manufacturer="UIH", DiffusionBValue=1000.0))
    assert {line["code"] for line in lines(command, str(tmp_path))} == {"E_GEOMETRY_MISSING"}


def _copies(series: list[Dataset]) -> list[Dataset]:
    return [instance(**{e.keyword: e.value for e in ds if e.keyword != "SOPInstanceUID"}) for ds in series]


def _write(folder: Path, instances: list[Dataset]) -> None:
    for number, ds in enumerate(instances):
        (folder / f"{number}.dcm").write_bytes(dicom_bytes(ds))


def test_the_word_that_decides_about_a_study_is_named() -> None:
    assert lines("select", "--description", "MRT Schädel") == [
        {"subject": "study", "decision": "include", "reason": "head", "word": "schadel*"}
    ]
    assert lines("select", "--description", "RM rodilla")[0]["reason"] == "limb"
    assert lines("select", "--code", "70553")[0]["decision"] == "include"


def test_a_text_that_tells_nothing_is_left_to_the_series() -> None:
    decided = lines("select", "--description", "MR", "--series", "localizer", "--series", "AX FLAIR")
    assert [(line["decision"], line["reason"]) for line in decided] == [
        ("ask", "not told by its texts"),
        ("exclude", "localizer"),
        ("include", "flair"),
        ("include", "flair"),
    ]


def test_the_words_in_force_are_those_of_the_hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "words.csv"
    table.write_text("decision,kind,field,words\ninclude,own study,text,sms plus\n")
    monkeypatch.setenv("IDH_INTAKE__STUDY_WORDS", str(table))
    assert lines("words")[0] == {
        "table": "studies", "decision": "include", "kind": "own study", "field": "text", "words": "sms plus",
    }  # fmt: skip
    assert lines("select", "--description", "SMS plus")[0]["reason"] == "own study"

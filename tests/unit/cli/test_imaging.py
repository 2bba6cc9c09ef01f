"""`idh imaging` on a synthetic study: DICOM folders and NIfTI files in, images and patches out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner, Result

from idh_tasks.cli.app import cli
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, read_all
from idh_tasks.imaging.files import read_dsc, read_dwi
from idh_tasks.imaging.itk import to_image
from idh_tasks.offline.study_folder import read_instances
from idh_tasks.phantom.patient import PatientPlan, write_patient


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study") / "studies"
    write_patient(root, PatientPlan(1, 3, IdhStatus.WILDTYPE, None, None, motion_mm=3, motion_degrees=2))
    return root / "001"


@pytest.fixture(scope="module")
def series(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return one folder per series."""
    root = tmp_path_factory.mktemp("series")
    for number, name in enumerate(("t1", "t2", "flair", "mprage", "diff", "perf"), start=1):
        (root / name).mkdir()
        for path in study.glob(f"{number:02d}_*.dcm"):
            shutil.copy(path, root / name)
    return {folder.name: folder for folder in root.iterdir()}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["imaging", *map(str, arguments)])


def voxels(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def as_nifti(frames: np.ndarray, path: Path) -> None:
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(frame) for frame in frames]), str(path))


def test_adc_is_the_same_from_dicom_and_from_nifti_with_its_b_values(series: dict[str, Path], tmp_path: Path) -> None:
    assert run("adc", series["diff"], "-o", tmp_path / "dicom.nii.gz").exit_code == 0
    dwi = assemble_over_b(read_instances(series["diff"]))
    as_nifti(dwi.voxels, tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text(" ".join(map(str, dwi.steps)))
    assert run("adc", tmp_path / "dwi.nii.gz", "-o", tmp_path / "nifti.nii.gz").exit_code == 0
    adc = voxels(tmp_path / "dicom.nii.gz")
    assert np.allclose(adc, voxels(tmp_path / "nifti.nii.gz"))
    assert 600 < np.median(adc[adc > 0]) < 1500


def test_rcbv_is_the_same_from_dicom_and_from_nifti_and_leakage_correction_changes_it(
    series: dict[str, Path], tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("corrected.nii.gz", "plain.nii.gz", "k2.nii.gz", "nifti.nii.gz")]
    assert run("rcbv", series["perf"], "-o", outs[0], "--k2", outs[2]).exit_code == 0
    assert run("rcbv", series["perf"], "-o", outs[1], "--no-leakage").exit_code == 0
    corrected, plain, k2 = map(voxels, outs[:3])
    assert not np.allclose(corrected, plain)
    assert np.abs(k2).max() > 0
    dsc = assemble_over_time(read_all(path.read_bytes() for path in series["perf"].iterdir()))
    frames = [to_image(Volume(frame, dsc.geometry)) for frame in dsc.voxels]
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / "dsc.nii.gz"))
    timing = {"EchoTime": dsc.echo_time_ms / 1000, "RepetitionTime": dsc.steps[1]}
    (tmp_path / "dsc.json").write_text(json.dumps(timing))
    assert run("rcbv", tmp_path / "dsc.nii.gz", "-o", outs[3]).exit_code == 0
    assert np.allclose(corrected, voxels(outs[3]), atol=1e-4)


def test_registration_prints_its_overlap_and_writes_its_transform(series: dict[str, Path], tmp_path: Path) -> None:
    out, transform = tmp_path / "t2.nii.gz", tmp_path / "t2.tfm"
    result = run("register", "--fixed", series["mprage"], "--moving", series["t2"], "-o", out, "--transform", transform)
    assert float(result.stdout.split()[1]) > 0.8
    assert "verdict: good" in result.stdout
    assert sitk.ReadTransform(str(transform)).GetDimension() == 3
    assert voxels(out).shape[0] == len(list(series["mprage"].iterdir()))


def test_the_brain_has_a_plausible_volume_and_the_proposed_outline_agrees_with_the_drawn_one(
    study: Path, series: dict[str, Path], tmp_path: Path
) -> None:
    brain, roi = tmp_path / "brain.nii.gz", tmp_path / "roi.nii.gz"
    found = json.loads(run("brain", series["mprage"], "-o", brain, "--json").stdout)
    assert (found["extractor"], found["flags"]) == ("trained", [])
    volume_ml = voxels(brain).sum() * np.prod(sitk.ReadImage(str(brain)).GetSpacing()) / 1000
    assert 1200 < volume_ml < 1600
    assert found["figures"]["brain_volume_ml"] == pytest.approx(volume_ml, abs=0.1)
    arguments = ("--t2", series["t2"], "--flair", series["flair"], "--mprage", series["mprage"])
    assert "look at it" in run("roi", *arguments, "-o", roi).stdout
    proposed, drawn = voxels(roi) > 0, voxels(study / "roi.nii.gz") > 0
    assert 2 * (proposed & drawn).sum() / (proposed.sum() + drawn.sum()) > 0.7


def test_x05_cutting_a_study_twice_gives_the_same_patches_sheet_and_provenance(study: Path, tmp_path: Path) -> None:
    results = [json.loads(run("patches", study, "-o", tmp_path / name, "--json").stdout) for name in ("a", "b")]
    assert results[0] == results[1] == {"patches": list(MODEL_SEQUENCES), "refused": {}, "outline": "delivered"}
    for sequence in MODEL_SEQUENCES:
        patch = np.load(tmp_path / "a" / f"{sequence}.npy")
        assert (patch.dtype, patch.shape) == (np.float32, (64, 64))
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)
    provenance = json.loads((tmp_path / "a" / "provenance.json").read_text())
    adc = provenance["patches"]["ADC"]
    assert adc["provenance"] == "computed"
    assert set(adc["origin"]["inputs"]) == {"ADC", "T2", "MPRAGE"}
    assert adc["origin"]["outline"] in ("NIfTI", "DICOM SEG")
    assert np.array(adc["origin"]["transform"]).shape == (4, 4)
    assert adc["quality"]["signal_to_noise"] > 4
    assert adc["quality"]["flags"] == []


@pytest.mark.parametrize(("read", "code"), [(read_dwi, "E_B_VALUES"), (read_dsc, "E_TIMING")])
def test_a_nifti_without_its_sidecar_is_rejected_with_a_code(
    read: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    as_nifti(np.ones((3, 4, 5, 6), np.float32), tmp_path / "x.nii.gz")
    with pytest.raises(SeriesRejectedError, match=code):
        read(tmp_path / "x.nii.gz")


def test_a_path_without_an_image_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "x.nii"):
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(b"no image")
        assert run("brain", path, "-o", tmp_path / "out.nii.gz").exit_code != 0

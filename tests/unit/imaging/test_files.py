"""A series in NIfTI gives the same as in DICOM, and what its header or sidecar leaves open is refused by name."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.files import read_dsc, read_dwi, read_volume
from tests.factories import directional_signals, directions, fibre_tensor

TRACT = fibre_tensor((1, 1, 0))
UNEVEN = directions(20)[:13]
"""The first directions of a spiral lie near its equator."""


def write(folder: Path, gradients: np.ndarray, bvec: str | None) -> Path:
    """Write b = 0 and one volume for each direction of an aligned tract."""
    signals = np.array([1000.0, *directional_signals(TRACT, gradients, 1000)])
    voxels = np.broadcast_to(signals[:, None, None, None], (len(signals), 4, 6, 5)).copy()
    path = folder / "dwi.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(voxels.astype(np.float32), isVector=False), str(path))
    path.with_name("dwi.bval").write_text(" ".join(["0", *["1000"] * len(gradients)]))
    if bvec is not None:
        path.with_name("dwi.bvec").write_text(bvec)
    return path


def bvec_of(gradients: np.ndarray) -> str:
    return "\n".join(" ".join(map(str, row)) for row in np.vstack([np.zeros(3), gradients]).T) + "\n"


def fitted(path: Path) -> float:
    return float(np.median(fit_adc(read_dwi(path)).voxels))


def test_the_directions_of_the_bvec_file_weight_the_mean(tmp_path: Path) -> None:
    assert fitted(write(tmp_path, UNEVEN, bvec_of(UNEVEN))) == pytest.approx(np.trace(TRACT) / 3, rel=1e-3)


@pytest.mark.parametrize("bvec", [None, "not numbers", "0 1\n0 0\n0 0\n"])
def test_without_a_readable_bvec_file_all_directions_weigh_the_same(bvec: str | None, tmp_path: Path) -> None:
    assert fitted(write(tmp_path, np.eye(3), bvec)) == pytest.approx(np.trace(TRACT) / 3, rel=1e-3)


PATTERN = np.where(np.arange(24) < 12, 2000.0, 900.0)[:, None, None] * np.ones((1, 16, 4))
PATTERN[:, :4] = 0


def dwi(folder: Path, bval: str, volumes: list[np.ndarray], bvec: str | None = None) -> Path:
    path = nifti(folder, np.stack(volumes, axis=-1))
    path.with_name("image.bval").write_text(bval)
    if bvec is not None:
        path.with_name("image.bvec").write_text(bvec)
    return path


def nifti(
    folder: Path, voxels: np.ndarray, units: tuple[str, str] = ("mm", "sec"), zooms: tuple[float, ...] = ()
) -> Path:
    image = nib.Nifti1Image(voxels.astype(np.float32), np.diag([-2.0, -2, 3, 1]))
    image.header.set_zooms(zooms or (2, 2, 3, 1)[: voxels.ndim])
    image.header.set_xyzt_units(*units)
    path = folder / "image.nii.gz"
    nib.save(image, path)
    return path


def decayed(b: float) -> np.ndarray:
    return np.asarray(PATTERN * np.exp(-b * 900e-6))


def refused(read: Any, path: Path) -> tuple[Code, str]:
    with pytest.raises(SeriesRejectedError) as caught:
        read(path)
    return caught.value.code, caught.value.reason


@pytest.mark.parametrize(
    "bval",
    ["0 1000", "0, 1000", "0,1000\n", "0\n1000\n", "0;1000", " 0.0\t1e3 \r\n", "0 1000,", "5 1005"],
)
def test_b_values_are_read_however_they_are_separated(bval: str, tmp_path: Path) -> None:
    adc = fit_adc(read_dwi(dwi(tmp_path, bval, [decayed(0), decayed(1000)]))).voxels
    assert np.median(adc[adc > 0]) == pytest.approx(900, abs=1)


@pytest.mark.parametrize(
    "bval",
    ["0 nan", "nan nan", "0 -1000", "0 inf", "0 1e9", "0 b1000", "", "0", "0 500 1000", "1000 1000", "995 1000"],
)
def test_b_values_that_are_none_are_refused(bval: str, tmp_path: Path) -> None:
    assert refused(read_dwi, dwi(tmp_path, bval, [decayed(0), decayed(1000)]))[0] is Code.E_B_VALUES


def test_b_values_that_differ_by_the_imaging_gradients_are_one(tmp_path: Path) -> None:
    volumes = [decayed(b) for b in (0, 995, 1000, 1005)]
    assert read_dwi(dwi(tmp_path, "0 995 1000 1005", volumes)).steps == (0.0, 1000.0)


MAPS = {"at b = 0": "0 1000 0", "at b = 1000": "0 1000 1000"}


@pytest.mark.parametrize("bval", MAPS.values(), ids=MAPS.keys())
def test_an_adc_map_among_the_volumes_is_refused(bval: str, tmp_path: Path) -> None:
    adc = np.where(PATTERN > 0, 900.0, 0.0)
    assert refused(read_dwi, dwi(tmp_path, bval, [decayed(0), decayed(1000), adc]))[0] is Code.E_DWI_VOLUMES


def test_a_volume_without_a_direction_beside_directions_is_left_out(tmp_path: Path) -> None:
    volumes = [decayed(0), decayed(1000), decayed(1000), decayed(1000), PATTERN * 0 + 900]
    path = dwi(tmp_path, "0 1000 1000 1000 1000", volumes, "0 1 0 0 0\n0 0 1 0 0\n0 0 0 1 0\n")
    adc = fit_adc(read_dwi(path)).voxels
    assert np.median(adc[adc > 0]) == pytest.approx(900, abs=1)


def test_values_that_are_not_finite_count_as_no_signal(tmp_path: Path) -> None:
    volumes = [np.where(PATTERN > 0, volume, np.nan) for volume in (decayed(0), decayed(1000))]
    adc = fit_adc(read_dwi(dwi(tmp_path, "0 1000", volumes))).voxels
    assert np.median(adc[adc > 0]) == pytest.approx(900, abs=1)


@pytest.mark.parametrize(
    ("units", "zooms"),
    [(("meter", "sec"), (0.002, 0.002, 0.003)), (("micron", "sec"), (2000, 2000, 3000)),
     (("meter", "sec"), (2, 2, 3)), (("unknown", "unknown"), (0.002, 0.002, 0.003)),
     (("mm", "sec"), (2000, 2000, 3000))],
)  # fmt: skip
def test_voxels_that_are_not_in_millimetres_are_refused(
    units: tuple[str, str], zooms: tuple[float, ...], tmp_path: Path
) -> None:
    assert refused(read_volume, nifti(tmp_path, PATTERN, units, zooms))[0] is Code.E_GEOMETRY_MISSING


@pytest.mark.parametrize("units", [("mm", "sec"), ("unknown", "unknown"), ("mm", "msec")])
def test_voxels_in_millimetres_are_read(units: tuple[str, str], tmp_path: Path) -> None:
    assert read_volume(nifti(tmp_path, PATTERN, units)).geometry.spacing_mm == (2, 2, 3)


def dsc(folder: Path, sidecar: dict[str, Any], step: float = 1.0, unit: str = "sec") -> Path:
    path = nifti(folder, np.ones((4, 5, 6, 7)), ("mm", unit), (2, 2, 3, step))
    path.with_name("image.json").write_text(json.dumps(sidecar))
    return path


@pytest.mark.parametrize(("step", "unit"), [(1.5, "sec"), (1500, "msec"), (1.0, "sec"), (3.0, "unknown")])
def test_times_in_seconds_are_read(step: float, unit: str, tmp_path: Path) -> None:
    read = read_dsc(dsc(tmp_path, {"EchoTime": 0.03, "RepetitionTime": 1.5}, step, unit))
    assert (read.steps[2], read.echo_time_ms) == (3.0, 30.0)


@pytest.mark.parametrize(
    ("sidecar", "step"),
    [
        ({"EchoTime": 0.03, "RepetitionTime": 1500}, 1.5),
        ({"EchoTime": 0.03, "RepetitionTime": 1.5}, 3.0),
        ({"EchoTime": 0.03, "RepetitionTime": 0.025}, 1.5),
        ({"EchoTime": 0.03, "RepetitionTime": float("nan")}, 1.5),
        ({"EchoTime": 0.03, "RepetitionTime": -1.5}, 1.5),
        ({"EchoTime": 0.03}, 1.5),
        ({"EchoTime": None, "RepetitionTime": 1.5}, 1.5),
    ],
)
def test_times_in_another_unit_or_contradictory_ones_are_refused(
    sidecar: dict[str, Any], step: float, tmp_path: Path
) -> None:
    assert refused(read_dsc, dsc(tmp_path, sidecar, step))[0] is Code.E_TIMING


@pytest.mark.parametrize(("read", "code"), [(read_dwi, Code.E_B_VALUES), (read_dsc, Code.E_TIMING)])
def test_one_volume_where_several_are_needed_is_refused(read: Any, code: Code, tmp_path: Path) -> None:
    found = refused(read, nifti(tmp_path, PATTERN))
    assert found == (code, "image.nii.gz contains one volume, several are needed")

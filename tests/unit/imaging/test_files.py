"""A diffusion series in NIfTI gives the same as in DICOM: directions are averaged as logarithms."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.files import read_dwi
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

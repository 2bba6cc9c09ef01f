"""Reads and writes NIfTI files, with the sidecar files of dcm2niix."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from idh_tasks.codes import Code
from idh_tasks.dicom.gradient import Gradient, unit_vector
from idh_tasks.domain.volume import Float, Geometry, Mask, Series4D, Volume, triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.directions import trace_image
from idh_tasks.imaging.itk import from_image, to_image


def _read(path: Path) -> sitk.Image:
    try:
        return sitk.ReadImage(str(path), sitk.sitkFloat32)
    except RuntimeError:
        raise SeriesRejectedError(Code.E_NOT_DICOM, f"{path.name} is neither a DICOM folder nor a NIfTI file") from None


def read_volume(path: Path) -> Volume:
    """Read a 3D NIfTI file.

    Raises
    ------
    SeriesRejectedError
        ``E_NOT_DICOM`` if it cannot be read, ``E_GEOMETRY_DUP`` if it contains several volumes.
    """
    image = _read(path)
    if image.GetDimension() != 3:
        raise SeriesRejectedError(Code.E_GEOMETRY_DUP, f"{path.name} contains several volumes, one is needed")
    return from_image(image)


def _read_4d(path: Path) -> tuple[sitk.Image, np.ndarray]:
    image = _read(path)
    if image.GetDimension() != 4:
        raise SeriesRejectedError(Code.E_B_VALUES, f"{path.name} contains one volume, several are needed")
    return image, sitk.GetArrayFromImage(image)


def _geometry(image: sitk.Image, shape: Sequence[int]) -> Geometry:
    direction = np.array(image.GetDirection()).reshape(4, 4)[:3, :3]
    origin = triple(image.GetOrigin()[:3])
    return Geometry((shape[1], shape[2], shape[3]), triple(image.GetSpacing()[:3]), origin, tuple(direction.ravel()))


def _sidecar(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + suffix)


def read_dwi(path: Path) -> Series4D:
    """Read a diffusion series: a 4D NIfTI with its ``.bval``; directions of one b-value are averaged as logarithms.

    A ``.bvec`` file beside it, where there is one, tells how to weight them (`trace_weights`).

    Raises
    ------
    SeriesRejectedError
        ``E_B_VALUES`` if there are no b-values, fewer than two, or not one per volume.
    """
    image, voxels = _read_4d(path)
    try:
        b_values = np.array(_sidecar(path, ".bval").read_text().split(), dtype=float)
    except (OSError, ValueError):
        raise SeriesRejectedError(Code.E_B_VALUES, f"{path.name} has no readable .bval file beside it") from None
    distinct = sorted(set(b_values.tolist()))
    if len(b_values) != len(voxels) or len(distinct) < 2:
        raise SeriesRejectedError(
            Code.E_B_VALUES,
            f"{len(voxels)} volumes and {len(b_values)} b-values; one per volume and two different ones are needed",
        )
    gradients = _gradients(path, len(voxels))
    means = np.stack([_trace_image(voxels, gradients, b_values == b) for b in distinct])
    return Series4D(means, _geometry(image, voxels.shape), tuple(distinct), 0.0)


def _gradients(path: Path, count: int) -> list[Gradient | None]:
    """Return the direction of each volume from the ``.bvec`` file (three rows, as FSL writes it), if there is one."""
    try:
        rows = [[float(part) for part in line.split()] for line in _sidecar(path, ".bvec").read_text().splitlines()]
    except (OSError, ValueError):
        return [None] * count
    columns = list(zip(*[row for row in rows if row], strict=False))
    return [unit_vector(column) for column in columns] if len(columns) == count else [None] * count


def _trace_image(voxels: Float, gradients: Sequence[Gradient | None], chosen: Mask) -> Float:
    return trace_image(voxels[chosen], [gradients[index] for index in np.nonzero(chosen)[0].tolist()])


def read_dsc(path: Path) -> Series4D:
    """Read a dynamic series: a 4D NIfTI with EchoTime and RepetitionTime (s) in its ``.json``.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if either is missing.
    """
    image, voxels = _read_4d(path)
    try:
        sidecar = json.loads(_sidecar(path, ".json").read_text())
        echo_ms, step_s = float(sidecar["EchoTime"]) * 1000, float(sidecar["RepetitionTime"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SeriesRejectedError(
            Code.E_TIMING, f"{path.name} has no .json file beside it that states EchoTime and RepetitionTime"
        ) from None
    steps = tuple(float(t * step_s) for t in range(len(voxels)))
    return Series4D(voxels, _geometry(image, voxels.shape), steps, echo_ms)


def write_volume(volume: Volume, path: Path) -> None:
    """Write a volume as NIfTI."""
    sitk.WriteImage(to_image(volume), str(path), useCompression=path.suffix == ".gz")


def write_mask(mask: Mask, geometry: Geometry, path: Path) -> None:
    """Write a mask as NIfTI with one byte per voxel."""
    image = sitk.Cast(to_image(Volume(mask.astype(np.float32), geometry)), sitk.sitkUInt8)
    sitk.WriteImage(image, str(path), useCompression=path.suffix == ".gz")


def write_transform(transform: sitk.Transform, path: Path) -> None:
    """Write a transform of fixed to moving points in ITK's text format."""
    sitk.WriteTransform(transform, str(path))

"""Reads and writes NIfTI files, with the sidecar files of dcm2niix."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.dicom.dialect import MAX_B_VALUE
from idh_tasks.dicom.gradient import Gradient, unit_vector
from idh_tasks.domain.volume import Float, Geometry, Mask, Series4D, Volume, triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.diffusion_frames import nominal_b_values
from idh_tasks.imaging.itk import from_image, to_image
from idh_tasks.imaging.perfusion.sidecar import volume_times
from idh_tasks.imaging.repeated_volumes import assembled, average_volumes

LENGTH_BITS, TIME_BITS = 0x07, 0x38
"""Bits of xyzt_units in the header of a NIfTI file."""
MILLIMETRES = (0, 2)
"""The unit of length is not stated, or is mm."""
VOXEL_MM = (0.05, 50.0)
SEPARATORS = re.compile(r"[\s,;]+")


def _read(path: Path) -> sitk.Image:
    try:
        image = sitk.ReadImage(str(path), sitk.sitkFloat32)
    except RuntimeError:
        raise SeriesRejectedError(Code.E_NOT_DICOM, f"{path.name} is neither a DICOM folder nor a NIfTI file") from None
    _check_millimetres(image)
    return image


def _check_millimetres(image: sitk.Image) -> None:
    """Check the unit of length, and that voxels are as large as those of a scan: the unit is often wrong."""
    unit, spacing = _header_units(image) & LENGTH_BITS, image.GetSpacing()[:3]
    if unit not in MILLIMETRES:
        raise SeriesRejectedError(Code.E_GEOMETRY_MISSING, "the NIfTI file states its voxels in another unit than mm")
    if not all(VOXEL_MM[0] <= mm <= VOXEL_MM[1] for mm in spacing):
        size = " × ".join(f"{mm:g}" for mm in spacing)
        raise SeriesRejectedError(Code.E_GEOMETRY_MISSING, f"voxels of {size} mm, so the unit of length is not certain")


def _header_units(image: sitk.Image) -> int:
    return int(image.GetMetaData("xyzt_units")) if image.HasMetaDataKey("xyzt_units") else 0


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


def _read_4d(path: Path, missing: Code) -> tuple[sitk.Image, Float]:
    """Read a 4D file; `missing` is the code if it has one volume. Values that are not finite count as no signal."""
    image = _read(path)
    if image.GetDimension() != 4:
        raise SeriesRejectedError(missing, f"{path.name} contains one volume, several are needed")
    return image, np.nan_to_num(sitk.GetArrayFromImage(image), nan=0.0, posinf=0.0, neginf=0.0)


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
        ``E_B_VALUES`` if there are no b-values, fewer than two, or not one per volume; ``E_DWI_VOLUMES`` if volumes of
        one b-value disagree.
    """
    image, voxels = _read_4d(path, Code.E_B_VALUES)
    b_values = _b_values(path)
    nominal = nominal_b_values(b_values.tolist())
    if len(b_values) != len(voxels) or len(nominal) < 2:
        raise SeriesRejectedError(
            Code.E_B_VALUES,
            f"{len(voxels)} volumes and {len(b_values)} b-values; one per volume and two different ones are needed",
        )
    gradients, geometry = _gradients(path, len(voxels)), _geometry(image, voxels.shape)
    shells = [_directional(np.nonzero((low <= b_values) & (b_values <= high))[0], gradients) for low, high in nominal]
    steps = [float(b_values[chosen].mean()) for chosen in shells]
    averages = [
        average_volumes(voxels[chosen], [gradients[index] for index in chosen.tolist()], b, geometry)
        for chosen, b in zip(shells, steps, strict=True)
    ]
    return assembled(averages, geometry, steps, 0.0)


def _directional(chosen: NDArray[np.int_], gradients: Sequence[Gradient | None]) -> NDArray[np.int_]:
    """Leave out volumes without a direction where others have one: dcm2niix writes averages and maps so."""
    along = [index for index in chosen.tolist() if gradients[index] is not None]
    return np.array(along or chosen)


def _b_values(path: Path) -> NDArray[np.float64]:
    try:
        parts = SEPARATORS.split(_sidecar(path, ".bval").read_text().strip(" \t\r\n,;"))
        b_values = np.array(parts, dtype=float)
    except (OSError, ValueError):
        raise SeriesRejectedError(Code.E_B_VALUES, f"{path.name} has no readable .bval file beside it") from None
    wrong = int((~(np.isfinite(b_values) & (b_values >= 0) & (b_values <= MAX_B_VALUE))).sum())
    if wrong:
        raise SeriesRejectedError(Code.E_B_VALUES, f"{wrong} of {len(b_values)} numbers in .bval are no b-values")
    return b_values


def _gradients(path: Path, count: int) -> list[Gradient | None]:
    """Return the direction of each volume from the ``.bvec`` file (three rows, as FSL writes it), if there is one."""
    try:
        rows = [[float(part) for part in line.split()] for line in _sidecar(path, ".bvec").read_text().splitlines()]
    except (OSError, ValueError):
        return [None] * count
    columns = list(zip(*[row for row in rows if row], strict=False))
    return [unit_vector(column) for column in columns] if len(columns) == count else [None] * count


def read_dsc(path: Path) -> Series4D:
    """Read a dynamic series: a 4D NIfTI with EchoTime and the times of the volumes (`volume_times`) in its ``.json``.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if either is missing, if the header states another time between volumes, or if the file contains
        one volume.
    """
    image, voxels = _read_4d(path, Code.E_TIMING)
    try:
        sidecar = json.loads(_sidecar(path, ".json").read_text())
        echo_ms = float(sidecar["EchoTime"]) * 1000
    except (OSError, ValueError, KeyError, TypeError):
        raise SeriesRejectedError(
            Code.E_TIMING, f"{path.name} has no .json file beside it that states EchoTime and RepetitionTime"
        ) from None
    step_s = image.GetSpacing()[3] if _header_units(image) & TIME_BITS else 0.0
    times = volume_times(sidecar, len(voxels), step_s)
    return Series4D(voxels, _geometry(image, voxels.shape), times, echo_ms)


def write_volume(volume: Volume, path: Path) -> None:
    """Write a volume as NIfTI."""
    sitk.WriteImage(to_image(volume), str(path), useCompression=path.suffix == ".gz")


def write_mask(mask: Mask, geometry: Geometry, path: Path) -> None:
    """Write a mask as NIfTI with one byte per voxel."""
    image = sitk.Cast(to_image(Volume(mask.astype(np.float32), geometry)), sitk.sitkUInt8)
    sitk.WriteImage(image, str(path), useCompression=path.suffix == ".gz")


def mask_bytes(mask: Mask, geometry: Geometry) -> bytes:
    """Return a mask as a gzipped NIfTI file, as `write_mask` writes it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mask.nii.gz"
        write_mask(mask, geometry, path)
        return path.read_bytes()


def write_transform(transform: sitk.Transform, path: Path) -> None:
    """Write a transform of fixed to moving points in ITK's text format."""
    sitk.WriteTransform(transform, str(path))

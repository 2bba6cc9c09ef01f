"""Assembles the instances of a classic MR series into one volume, or into volumes over b-value or time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import scale_slope
from idh_tasks.dicom.gradient import gradient
from idh_tasks.domain.stack import check_one_grid, direction, spacing_mm
from idh_tasks.domain.volume import Geometry, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.directions import trace_image


def read_all(files: Iterable[bytes]) -> list[Dataset]:
    """Read the stored instances of a series; enhanced instances are split into their frames."""
    return frames(dcmread(BytesIO(content)) for content in files)


def assemble_volume(instances: Sequence[Dataset]) -> Volume:
    """Stack a series with one instance per slice position.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if several instances have the same position, ``E_GEOMETRY_GAP``,
        ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_MATRIX``, ``E_DECODE`` or ``E_EMPTY_IMAGE``.
    """
    geometry, slices = _geometry(instances)
    if any(len(at_position) > 1 for at_position in slices):
        raise SeriesRejectedError(Code.E_GEOMETRY_DUP, "several instances have the same position")
    return Volume(_check_content(np.stack([_pixels(at_position[0]) for at_position in slices])), geometry)


def assemble_over_b(instances: Sequence[Dataset]) -> Series4D:
    """Stack a diffusion series; the directions of one b-value are averaged as logarithms (`trace_image`).

    Trace images computed from directional ones are left out.

    Raises
    ------
    SeriesRejectedError
        ``E_B_VALUES`` if there are fewer than two b-values, ``E_GEOMETRY_GAP`` if a slice lacks one of them, and the
        other codes of `assemble_volume`.
    """
    instances = _without_trace(instances)
    values = sorted({float(ds.DiffusionBValue) for ds in instances if "DiffusionBValue" in ds})
    if len(values) < 2:
        raise SeriesRejectedError(Code.E_B_VALUES, f"two b-values are needed, {len(values)} found")
    geometry, slices = _geometry(instances)
    volumes = [np.stack([_mean_at(at_position, b) for at_position in slices]) for b in values]
    return _series4d(np.stack(volumes), geometry, values, instances[0])


def assemble_over_time(instances: Sequence[Dataset]) -> Series4D:
    """Stack a dynamic series in the order of its instance numbers; TR is the time between volumes.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_GAP`` if the slices have different numbers of time points, and the other codes of
        `assemble_volume`.
    """
    geometry, slices = _geometry(instances)
    counts = {len(at_position) for at_position in slices}
    if len(counts) > 1:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, "the slices have different numbers of time points")
    ordered = [sorted(at_position, key=lambda ds: int(ds.InstanceNumber)) for at_position in slices]
    volumes = np.stack([[_pixels(at_position[t]) for at_position in ordered] for t in range(counts.pop())])
    step_s = float(instances[0].RepetitionTime) / 1000
    return _series4d(volumes, geometry, [t * step_s for t in range(len(volumes))], instances[0])


def _geometry(instances: Sequence[Dataset]) -> tuple[Geometry, list[list[Dataset]]]:
    """Return the grid and, for each slice position, its instances."""
    check_one_grid((ds.Rows, ds.Columns, tuple(map(float, ds.PixelSpacing))) for ds in instances)
    axes = direction([[float(c) for c in ds.ImageOrientationPatient] for ds in instances])
    positions = _by_position(instances, axes[:, 2])
    first = positions[0][1][0]
    spacing = (
        float(first.PixelSpacing[1]),
        float(first.PixelSpacing[0]),
        spacing_mm([offset for offset, _ in positions]),
    )
    origin = tuple(float(c) for c in first.ImagePositionPatient)
    shape = (len(positions), int(first.Rows), int(first.Columns))
    grid = Geometry(shape, spacing, (origin[0], origin[1], origin[2]), tuple(map(float, axes.ravel())))
    return grid, [at_position for _, at_position in positions]


def _by_position(instances: Sequence[Dataset], normal: NDArray[np.float64]) -> list[tuple[float, list[Dataset]]]:
    """Group instances by their offset along the slice normal in mm, in ascending order."""
    positions: dict[float, list[Dataset]] = defaultdict(list)
    for ds in instances:
        offset = float(np.dot([float(c) for c in ds.ImagePositionPatient], normal))
        positions[round(offset, 2)].append(ds)
    return sorted(positions.items())


def _without_trace(instances: Sequence[Dataset]) -> Sequence[Dataset]:
    """Leave out trace images, unless a b-value has no directional images."""
    directional = {float(ds.DiffusionBValue) for ds in instances if _is_directional(ds)}
    return [ds for ds in instances if float(ds.get("DiffusionBValue") or 0) not in directional or _is_directional(ds)]


def _is_directional(ds: Dataset) -> bool:
    """Return whether an instance was weighted along one direction (PS3.3 C.8.13.5.9)."""
    orientation = ds.get("DiffusionGradientOrientation")
    return ds.get("DiffusionDirectionality") == "DIRECTIONAL" or (
        orientation is not None and any(map(float, orientation))
    )


def _mean_at(instances: Sequence[Dataset], b_value: float) -> NDArray[np.float32]:
    weighted = [ds for ds in instances if float(ds.get("DiffusionBValue", -1)) == b_value]
    if not weighted:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, f"a slice lacks b = {b_value:g}")
    return trace_image(np.stack([_comparable(ds) for ds in weighted]), [gradient(ds) for ds in weighted])


def _comparable(ds: Dataset) -> NDArray[np.float32]:
    """Return pixels on the scale common to all volumes of a series (Philips: Chenevert et al., Transl Oncol 2014)."""
    slope = scale_slope(ds)
    return _pixels(ds) / np.float32(float(ds.get("RescaleSlope") or 1) * slope) if slope else _pixels(ds)


def _pixels(ds: Dataset) -> NDArray[np.float32]:
    """Return the rescaled pixels (PS3.3 C.11.1)."""
    try:
        stored = ds.pixel_array
    except (RuntimeError, ValueError, AttributeError, NotImplementedError) as error:
        raise SeriesRejectedError(Code.E_DECODE, f"pixels cannot be decoded ({type(error).__name__})") from None
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    return np.asarray(stored * np.float32(slope) + np.float32(intercept), dtype=np.float32)


def _check_content(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(voxels).all() or voxels.min() == voxels.max():
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image is constant or contains values that are not finite")
    return voxels


def _series4d(volumes: NDArray[np.float32], geometry: Geometry, steps: Sequence[float], first: Dataset) -> Series4D:
    return Series4D(_check_content(volumes), geometry, tuple(steps), float(first.get("EchoTime") or 0))

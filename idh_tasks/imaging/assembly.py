"""Assembles the instances of a classic MR series into a volume, or volumes over b-value or time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import scale_slope
from idh_tasks.domain.stack import check_one_grid, direction, spacing_mm
from idh_tasks.domain.volume import Geometry, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError


def read_all(files: Iterable[bytes]) -> list[Dataset]:
    """Read the stored instances of a series, frames of enhanced ones apart."""
    return frames(dcmread(BytesIO(content)) for content in files)


def _by_place(instances: Sequence[Dataset], normal: NDArray[np.float64]) -> list[tuple[float, list[Dataset]]]:
    places: dict[float, list[Dataset]] = defaultdict(list)
    for ds in instances:
        offset = float(np.dot([float(c) for c in ds.ImagePositionPatient], normal))
        places[round(offset, 2)].append(ds)
    return sorted(places.items())


def _geometry(instances: Sequence[Dataset]) -> tuple[Geometry, list[list[Dataset]]]:
    """Return the grid and, for each slice, the instances that lie there."""
    check_one_grid((ds.Rows, ds.Columns, tuple(map(float, ds.PixelSpacing))) for ds in instances)
    axes = direction([[float(c) for c in ds.ImageOrientationPatient] for ds in instances])
    places = _by_place(instances, axes[:, 2])
    first = places[0][1][0]
    spacing = (
        float(first.PixelSpacing[1]),
        float(first.PixelSpacing[0]),
        spacing_mm([offset for offset, _ in places]),
    )
    origin = tuple(float(c) for c in first.ImagePositionPatient)
    shape = (len(places), int(first.Rows), int(first.Columns))
    grid = Geometry(shape, spacing, (origin[0], origin[1], origin[2]), tuple(map(float, axes.ravel())))
    return grid, [found for _, found in places]


def _pixels(ds: Dataset) -> NDArray[np.float32]:
    """Return the rescaled pixels (PS3.3 C.11.1)."""
    try:
        stored = ds.pixel_array
    except (RuntimeError, ValueError, AttributeError, NotImplementedError) as error:
        raise SeriesRejectedError(Code.E_DECODE, f"pixels cannot be decoded ({type(error).__name__})") from None
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    return np.asarray(stored * np.float32(slope) + np.float32(intercept), dtype=np.float32)


def _comparable(ds: Dataset) -> NDArray[np.float32]:
    """Return pixels on the scale that all volumes of a series share (Philips: Chenevert et al., Transl Oncol 2014)."""
    slope = scale_slope(ds)
    return _pixels(ds) / np.float32(float(ds.get("RescaleSlope") or 1) * slope) if slope else _pixels(ds)


def _check_content(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(voxels).all() or voxels.min() == voxels.max():
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image is constant or not finite")
    return voxels


def assemble_volume(instances: Sequence[Dataset]) -> Volume:
    """Stack a series with one instance at each place.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if several instances lie at one place, ``E_GEOMETRY_GAP``,
        ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_MATRIX``, ``E_DECODE`` or ``E_EMPTY_IMAGE``.
    """
    geometry, slices = _geometry(instances)
    if any(len(found) > 1 for found in slices):
        raise SeriesRejectedError(Code.E_GEOMETRY_DUP, "several instances at the same place")
    return Volume(_check_content(np.stack([_pixels(found[0]) for found in slices])), geometry)


def assemble_over_b(instances: Sequence[Dataset]) -> Series4D:
    """Stack a diffusion series; directions of one b-value are averaged, a trace made of them does not count again."""
    instances = _without_trace(instances)
    values = sorted({float(ds.DiffusionBValue) for ds in instances if "DiffusionBValue" in ds})
    if len(values) < 2:
        raise SeriesRejectedError(Code.E_B_VALUES, f"two b-values are needed, {len(values)} found")
    geometry, slices = _geometry(instances)
    frames = [np.stack([_mean_at(found, b) for found in slices]) for b in values]
    return _series4d(np.stack(frames), geometry, values, instances[0])


def _without_trace(instances: Sequence[Dataset]) -> Sequence[Dataset]:
    """Leave out what the scanner computed from the directions; where there are no directions it is all there is."""
    directed = {float(ds.DiffusionBValue) for ds in instances if _direction(ds)}
    return [ds for ds in instances if float(ds.get("DiffusionBValue") or 0) not in directed or _direction(ds)]


def _direction(ds: Dataset) -> bool:
    """Tell whether an instance was weighted along one direction (PS3.3 C.8.13.5.9)."""
    stated = ds.get("DiffusionGradientOrientation")
    return ds.get("DiffusionDirectionality") == "DIRECTIONAL" or (stated is not None and any(map(float, stated)))


def _mean_at(found: Sequence[Dataset], b_value: float) -> NDArray[np.float32]:
    same = [_comparable(ds) for ds in found if float(ds.get("DiffusionBValue", -1)) == b_value]
    if not same:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, f"a slice lacks b = {b_value:g}")
    return np.asarray(np.mean(same, axis=0), dtype=np.float32)


def assemble_over_time(instances: Sequence[Dataset]) -> Series4D:
    """Stack a dynamic series in order of instance number; TR is the time between volumes."""
    geometry, slices = _geometry(instances)
    counts = {len(found) for found in slices}
    if len(counts) > 1:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, "slices have different numbers of time points")
    ordered = [sorted(found, key=lambda ds: int(ds.InstanceNumber)) for found in slices]
    frames = np.stack([[_pixels(found[t]) for found in ordered] for t in range(counts.pop())])
    step_s = float(instances[0].RepetitionTime) / 1000
    return _series4d(frames, geometry, [t * step_s for t in range(len(frames))], instances[0])


def _series4d(frames: NDArray[np.float32], geometry: Geometry, steps: Sequence[float], first: Dataset) -> Series4D:
    return Series4D(_check_content(frames), geometry, tuple(steps), float(first.get("EchoTime") or 0))

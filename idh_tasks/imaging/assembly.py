"""Assembles the instances of an MR series into one volume, or into volumes over b-value or time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.gradient import gradient
from idh_tasks.dicom.grid import Slices, arrange
from idh_tasks.dicom.image_kind import image_kind, is_combined, is_trace
from idh_tasks.domain.volume import Float, Geometry, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.diffusion_frames import Shell, shells
from idh_tasks.imaging.pixels import comparable_pixels, read_pixels
from idh_tasks.imaging.repeated_volumes import Average, assembled, average_volumes
from idh_tasks.imaging.time_order import echo_of, echo_times_ms, in_order_of_time

MAX_ECHOES = 2


def read_all(files: Iterable[bytes]) -> list[Dataset]:
    """Read the stored instances of a series; enhanced instances are split into their frames."""
    return frames(dcmread(BytesIO(content)) for content in files)


def assemble_volume(instances: Sequence[Dataset]) -> Volume:
    """Stack a series with one instance per slice position.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if several instances have the same position, ``E_GEOMETRY_GAP``, ``E_GEOMETRY_SLICES``,
        ``E_GEOMETRY_SHEAR``, ``E_GEOMETRY_FRAME``, ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_MATRIX``,
        ``E_GEOMETRY_MISSING``, ``E_PHOTOMETRIC``, ``E_DECODE`` or ``E_EMPTY_IMAGE``.
    """
    geometry, slices = arrange(_distinct(instances))
    if any(len(at_position) > 1 for at_position in slices):
        raise SeriesRejectedError(Code.E_GEOMETRY_DUP, "several instances have the same position")
    voxels = np.empty(geometry.shape, dtype=np.float32)
    for index, (instance,) in enumerate(slices):
        voxels[index] = read_pixels(instance)
    return Volume(_check_content(voxels), geometry)


def assemble_over_b(instances: Sequence[Dataset]) -> Series4D:
    """Stack a diffusion series; the directions of one b-value are averaged as logarithms (`trace_image`).

    Maps and trace images computed from the acquired ones are left out.

    Raises
    ------
    SeriesRejectedError
        ``E_B_VALUES`` if there are fewer than two b-values or one is not certain, ``E_DWI_VOLUMES`` if volumes of one
        b-value disagree, ``E_GEOMETRY_GAP`` if a slice lacks one of them or one of its directions, and the other codes
        of `assemble_volume`.
    """
    found = shells(_acquired(instances))
    geometry, slices = arrange([ds for shell in found for ds in shell.instances])
    averages = [_average_of(shell, slices, geometry) for shell in found]
    if found[0].assumed and averages[0].voxels.mean() <= averages[1].voxels.mean():
        reason = f"images without a b-value are not brighter than those of b = {found[1].b:g}"
        raise SeriesRejectedError(Code.E_B_VALUES, reason)
    steps, echo_ms = [shell.b for shell in found], float(slices[0][0].get("EchoTime") or 0)
    dwi = assembled(averages, geometry, steps, echo_ms)
    _check_content(dwi.voxels)
    return dwi


def assemble_over_time(instances: Sequence[Dataset]) -> Series4D:
    """Stack a dynamic series in the order of time; of two echoes the longer one is taken (see `assemble_echoes`)."""
    return assemble_echoes(instances)[-1]


def assemble_echoes(instances: Sequence[Dataset]) -> tuple[Series4D, ...]:
    """Stack each echo of a dynamic series in the order of time; they have one grid and the same times.

    Returns
    -------
    tuple
        One or two series by ascending echo time; steps are times in s from the first volume.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_GAP`` if the slices or echoes have different numbers of time points, ``E_TIMING`` if order, step
        or echo time are not stated, not unique or contradictory, and the other codes of `assemble_volume`.
    """
    instances = _acquired(instances)
    geometry, slices = arrange(instances)
    echoes = echo_times_ms(instances)
    if len(echoes) > MAX_ECHOES:
        raise SeriesRejectedError(Code.E_TIMING, f"{len(echoes)} echo times, one or two are read")
    series = tuple(_echo(geometry, slices, echoes, echo) for echo in echoes)
    if series[0].steps != series[-1].steps:
        raise SeriesRejectedError(Code.E_TIMING, "the two echoes have different times or numbers of volumes")
    return series


def _echo(geometry: Geometry, slices: Slices, echoes: Sequence[float], echo: float) -> Series4D:
    ordered = in_order_of_time([[ds for ds in at if echo_of(ds, echoes) == echo] for at in slices])
    count = len(ordered.slices[0])
    volumes = np.stack([[read_pixels(at_position[t]) for at_position in ordered.slices] for t in range(count)])
    return _series4d(volumes, geometry, [t * ordered.step_s for t in range(count)], echo)


def _acquired(instances: Sequence[Dataset]) -> list[Dataset]:
    """Leave out maps, phase and other images that were not acquired as magnitude, and copies of an instance."""
    distinct = _distinct(instances)
    return [ds for ds in distinct if not image_kind(ds) and int(ds.get("SamplesPerPixel") or 1) == 1] or distinct


def _distinct(instances: Sequence[Dataset]) -> list[Dataset]:
    """Return each instance, frame or tile once."""
    return list({_identity(ds): ds for ds in instances}.values())


def _identity(ds: Dataset) -> tuple[object, ...]:
    return ds.get("SOPInstanceUID"), getattr(ds, "number", None), str(ds.get("ImagePositionPatient"))


def _average_of(shell: Shell, slices: Slices, geometry: Geometry) -> Average:
    members = set(map(id, shell.instances))
    at_positions = [sorted((ds for ds in at if id(ds) in members), key=_volume_order) for at in slices]
    directions = [Counter(gradient(ds) for ds in at) for at in at_positions]
    if not all(at_positions):
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, f"a slice lacks b = {shell.b:g}")
    if any(counts != directions[0] for counts in directions):
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, f"a slice lacks a gradient direction of b = {shell.b:g}")
    volumes = np.stack([np.stack([comparable_pixels(ds) for ds in at]) for at in at_positions], axis=1)
    gradients = [gradient(ds) for ds in at_positions[0]]
    isotropic = all(is_trace(ds) or is_combined(ds) for ds in shell.instances)
    return average_volumes(volumes, gradients, shell.b, geometry, isotropic=isotropic)


def _volume_order(ds: Dataset) -> tuple[object, ...]:
    """Return a key that puts the images of each position in the order of the volumes to which they belong."""
    return gradient(ds) or (), int(getattr(ds, "file_number", None) or 0), int(ds.get("InstanceNumber") or 0)


def _check_content(voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(voxels).all() or voxels.min() == voxels.max():
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image is constant or contains values that are not finite")
    return voxels


def _series4d(volumes: Float, geometry: Geometry, steps: Sequence[float], echo_time_ms: float) -> Series4D:
    return Series4D(_check_content(volumes), geometry, tuple(steps), echo_time_ms)

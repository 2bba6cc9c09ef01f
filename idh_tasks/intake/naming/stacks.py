"""Splits a series into stacks of slices and checks the geometry of each, before anything is made of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.stack import check_one_grid, direction, spacing_mm
from idh_tasks.domain.study import Fineness
from idh_tasks.errors import SeriesRejectedError

AXIAL_COSINE = 0.8


@dataclass(frozen=True)
class Stack:
    """Slices that belong together; `label` tells stacks of one series apart and is empty for a whole series."""

    label: str
    instances: tuple[Dataset, ...]


SPLITS: tuple[tuple[str, Callable[[Dataset], Hashable]], ...] = (
    ("echo", lambda ds: ds.get("EchoNumbers")),
    ("b", b_value),
    ("time", lambda ds: ds.get("TemporalPositionIdentifier")),
    ("acquisition", lambda ds: ds.get("AcquisitionNumber")),
    ("image type", lambda ds: tuple(ds.get("ImageType") or ())),
    ("acquired at", lambda ds: ds.get("AcquisitionTime")),
)
"""Attributes that tell slices at one place apart, tried in order."""


def split(instances: Sequence[Dataset]) -> list[Stack]:
    """Split a series where several slices lie at one place.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if nothing tells the slices at one place apart.
    """
    if not _repeated(instances):
        return [Stack("", tuple(instances))]
    for name, key in SPLITS:
        groups: dict[Hashable, list[Dataset]] = defaultdict(list)
        for ds in instances:
            groups[key(ds)].append(ds)
        if len(groups) > 1 and not any(map(_repeated, groups.values())):
            return [Stack(f"{name} {number}", tuple(found)) for number, found in enumerate(groups.values(), start=1)]
    raise SeriesRejectedError(Code.E_GEOMETRY_DUP, "several slices at one place, and nothing tells them apart")


def _repeated(instances: Sequence[Dataset]) -> bool:
    places = Counter(str(ds.get("ImagePositionPatient")) for ds in instances)
    return max(places.values()) > 1


def check_geometry(instances: Sequence[Dataset]) -> None:
    """Check that slices have one matrix, one orientation and even spacing; repeated places are allowed.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MATRIX``, ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_GAP``, or ``E_GEOMETRY_MISSING`` where the
        headers do not say.
    """
    try:
        instances = frames(instances)
        grids = {(ds.Rows, ds.Columns, tuple(map(float, ds.PixelSpacing))) for ds in instances}
        axes = direction([[float(c) for c in ds.ImageOrientationPatient] for ds in instances])
        positions = np.array([[float(c) for c in ds.ImagePositionPatient] for ds in instances])
    except (AttributeError, TypeError, ValueError):
        raise SeriesRejectedError(Code.E_GEOMETRY_MISSING, "slices without position, orientation or spacing") from None
    check_one_grid(grids)
    offsets = np.unique(np.round(positions @ axes[:, 2], 2))
    if len(offsets) > 1:
        spacing_mm(offsets.tolist())


def is_empty(instances: Sequence[Dataset]) -> bool:
    """Tell whether every uncompressed image of a series is constant."""
    native = [ds for ds in instances if not ds.file_meta.TransferSyntaxUID.is_compressed]
    return len(native) == len(instances) and all(map(_constant, native))


def _constant(ds: Dataset) -> bool:
    pixels = np.frombuffer(ds.PixelData, dtype=f"<u{max(ds.BitsAllocated // 8, 1)}")
    return bool((pixels == pixels[0]).all())


def fineness(instances: Sequence[Dataset]) -> Fineness:
    """Return orientation and voxel volume; unknown ones speak against a series."""
    try:
        first = frames(instances[:1])[0]
        normal = direction([[float(c) for c in first.ImageOrientationPatient]])[:, 2]
        rows, columns = (float(c) for c in first.PixelSpacing)
        thickness = float(first.SliceThickness)
    except (AttributeError, TypeError, ValueError, SeriesRejectedError):
        return Fineness()
    return Fineness(axial=bool(abs(normal[2]) > AXIAL_COSINE), voxel_mm3=round(rows * columns * thickness, 4))

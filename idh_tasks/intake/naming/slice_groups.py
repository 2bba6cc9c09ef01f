"""Splits a series into groups of slices and checks the geometry of each before it is used."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.stack import check_one_grid, direction, spacing_mm
from idh_tasks.errors import SeriesRejectedError


@dataclass(frozen=True)
class SliceGroup:
    """Slices that form one volume; `label` distinguishes the groups of a series and is empty for a whole series."""

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
"""Attributes that distinguish slices at the same position, tried in order."""


def split_series(instances: Sequence[Dataset]) -> list[SliceGroup]:
    """Split a series if several slices lie at the same position.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if nothing distinguishes the slices at the same position.
    """
    if not _has_repeated_positions(instances):
        return [SliceGroup("", tuple(instances))]
    for name, key in SPLITS:
        groups: dict[Hashable, list[Dataset]] = defaultdict(list)
        for ds in instances:
            groups[key(ds)].append(ds)
        if len(groups) > 1 and not any(map(_has_repeated_positions, groups.values())):
            numbered = enumerate(groups.values(), start=1)
            return [SliceGroup(f"{name} {number}", tuple(group)) for number, group in numbered]
    raise SeriesRejectedError(
        Code.E_GEOMETRY_DUP, "several slices at the same position, and nothing distinguishes them"
    )


def _has_repeated_positions(instances: Sequence[Dataset]) -> bool:
    positions = Counter(str(ds.get("ImagePositionPatient")) for ds in instances)
    return max(positions.values()) > 1


def check_geometry(instances: Sequence[Dataset]) -> None:
    """Check that slices have one matrix, one orientation and even spacing; repeated positions are allowed.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MATRIX``, ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_GAP``, or ``E_GEOMETRY_MISSING`` if the headers
        do not state the geometry.
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
    """Return whether all images of a series are uncompressed and constant."""
    native = [ds for ds in instances if not ds.file_meta.TransferSyntaxUID.is_compressed]
    return len(native) == len(instances) and all(map(_constant, native))


def _constant(ds: Dataset) -> bool:
    pixels = np.frombuffer(ds.PixelData, dtype=f"<u{max(ds.BitsAllocated // 8, 1)}")
    return bool((pixels == pixels[0]).all())

"""Splits a series into groups of slices and checks the geometry of each before it is used."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.dicom.frames import is_enhanced
from idh_tasks.dicom.grid import arrange, read_stack
from idh_tasks.dicom.image_kind import photometric_fault, type_values
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.intake.naming.agent import read_agent


@dataclass(frozen=True)
class SliceGroup:
    """Slices that form one volume; `label` distinguishes the groups of a series and is empty for a whole series."""

    label: str
    instances: tuple[Dataset, ...]


SPLITS: tuple[tuple[str, Callable[[Dataset], Hashable]], ...] = (
    ("echo", lambda ds: ds.get("EchoNumbers")),
    ("TE", lambda ds: ds.get("EchoTime")),
    ("flip angle", lambda ds: ds.get("FlipAngle")),
    ("b", b_value),
    ("time", lambda ds: ds.get("TemporalPositionIdentifier")),
    ("acquisition", lambda ds: ds.get("AcquisitionNumber")),
    ("type", lambda ds: "-".join(sorted(type_values(ds)))),
    ("agent", lambda ds: bool(read_agent([ds]).given)),
    ("acquired at", lambda ds: ds.get("AcquisitionTime")),
)
"""Attributes that distinguish slices at the same position, tried in order."""


def split_series(instances: Sequence[Dataset]) -> list[SliceGroup]:
    """Split images of one contrast if several slices lie at the same position.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_DUP`` if nothing distinguishes the slices at the same position.
    """
    if not _has_repeated_positions(instances):
        return [SliceGroup("", tuple(instances))]
    for name, key in SPLITS:
        groups: dict[str, list[Dataset]] = defaultdict(list)
        for ds in instances:
            groups[str(key(ds))].append(ds)
        if len(groups) > 1 and not any(map(_has_repeated_positions, groups.values())):
            return [SliceGroup(f"{name} {value}", tuple(group)) for value, group in sorted(groups.items())]
    raise SeriesRejectedError(
        Code.E_GEOMETRY_DUP, "several slices at the same position, and nothing distinguishes them"
    )


def _has_repeated_positions(instances: Sequence[Dataset]) -> bool:
    """Return whether positions repeat; if the geometry cannot be read, positions as text are compared."""
    try:
        split = frames(instances)
        return any(len(at_position) > 1 for at_position in read_stack(split).slices)
    except SeriesRejectedError:
        positions = Counter(str(ds.get("ImagePositionPatient")) for ds in instances if not is_enhanced(ds))
        return max(positions.values(), default=0) > 1


def check_geometry(instances: Sequence[Dataset]) -> None:
    """Check that the slices form a volume: enough of them, one matrix, one orientation, even spacing.

    Repeated positions are allowed.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_SLICES``, ``E_GEOMETRY_FRAME``, ``E_GEOMETRY_MATRIX``, ``E_GEOMETRY_ORIENT``,
        ``E_GEOMETRY_SHEAR``, ``E_GEOMETRY_GAP``, or ``E_GEOMETRY_MISSING`` if the headers do not state the geometry.
    """
    arrange(frames(instances))


def photometric_reason(instances: Sequence[Dataset]) -> str | None:
    """Return why the pixels of a series are no measured values, if any of them are not."""
    return next(filter(None, map(photometric_fault, instances)), None)


def is_empty(instances: Sequence[Dataset]) -> bool:
    """Return whether all images of a series are uncompressed and constant."""
    native = [ds for ds in instances if not ds.file_meta.TransferSyntaxUID.is_compressed]
    return len(native) == len(instances) and all(map(_constant, native))


def _constant(ds: Dataset) -> bool:
    content, bits = ds.get("PixelData"), ds.get("BitsAllocated")
    if not content or not bits:
        return False
    pixels = np.frombuffer(content, dtype=f"<u{max(bits // 8, 1)}")
    return bool((pixels == pixels[0]).all())

"""The tiles of a Siemens mosaic as classic instances; headers before software XA state their direction in CSA.

The tiles of UIH's mosaics have no position that survives de-identification: they are refused.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.frames import Frame, lazily_decoded
from idh_tasks.errors import SeriesRejectedError

Vector = NDArray[np.float64]

COUNT = (0x0019, "SIEMENS MR HEADER", 0x0A)
UIH_COUNT = (0x0065, "Image Private Header", 0x50)
CSA_IMAGE_HEADER = (0x0029, "SIEMENS CSA HEADER", 0x10)
SLICE_NORMAL = (0x0099, "IDH PLATFORM", 0x01)
"""Our private element for the slice normal, which survives when CSA, which may name the patient, is removed."""
OF_EACH_TILE = ("PixelData", "Rows", "Columns", "ImagePositionPatient")
"""Attributes that differ between a tile and the mosaic."""


def is_mosaic(ds: Dataset) -> bool:
    """Return whether an instance holds a whole volume as tiles of one image."""
    return "MOSAIC" in (ds.get("ImageType") or ()) or _uih_count(ds) > 1


def _uih_count(ds: Dataset) -> int:
    """Return the number of images in a mosaic by UIH."""
    try:
        return int(float(_private(ds, *UIH_COUNT) or 0))
    except (TypeError, ValueError):
        return 0


def slice_normal(ds: Dataset) -> Vector | None:
    """Return the direction in which the tiles are stacked (LPS), from our private element or from CSA."""
    ours = _private(ds, *SLICE_NORMAL)
    if ours is not None:
        return np.array(ours, dtype=np.float64)
    stated = _csa_normal(_private(ds, *CSA_IMAGE_HEADER))
    return np.array(stated, dtype=np.float64) if len(stated) == 3 else None


def _csa_normal(header: bytes | None) -> list[float]:
    # The module warns on import that it is experimental.
    with warnings.catch_warnings(action="ignore"):
        from nibabel.nicom.csareader import read
    try:
        return list(read(header)["tags"]["SliceNormalVector"]["items"]) if header else []
    except Exception:  # the reader raises many types for a damaged CSA header, which then states nothing
        return []


def write_slice_normal(normal: Vector, out: Dataset) -> None:
    """Write the slice normal into our private element."""
    group, creator, element = SLICE_NORMAL
    out.private_block(group, creator, create=True).add_new(element, "FD", normal.tolist())


def tiles(ds: Dataset) -> Iterator[Dataset]:
    """Yield each tile with its position in the patient; pixels are decoded on first access.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MISSING`` if the number of tiles or the direction in which they are stacked is not stated.
    """
    count, corner, step, rows, columns = _layout(ds)
    side = int(ds.Rows) // rows
    decoded = lazily_decoded(ds, lambda pixels: _cut(pixels, side, rows, columns))
    for number in range(count):
        tile = Frame()
        tile.update({element.tag: element for element in ds if element.keyword not in OF_EACH_TILE})
        tile.file_meta = ds.file_meta
        tile.Rows, tile.Columns = rows, columns
        tile.ImagePositionPatient = (corner + number * step).tolist()
        tile.decoded, tile.number = decoded, number
        yield tile


def _layout(ds: Dataset) -> tuple[int, Vector, Vector, int, int]:
    """Return number of tiles, position of the first, step to the next, and rows and columns of a tile."""
    try:
        count, normal = int(_private(ds, *COUNT) or 0), slice_normal(ds)
        side = int(np.ceil(np.sqrt(count)))
        rows, columns = int(ds.Rows) // max(side, 1), int(ds.Columns) // max(side, 1)
        corner, spacing = _first_corner(ds, rows, columns), float(ds.get("SpacingBetweenSlices") or ds.SliceThickness)
    except (AttributeError, TypeError, ValueError):
        count, normal = 0, None
    if not count or normal is None:
        raise SeriesRejectedError(
            Code.E_GEOMETRY_MISSING, "a mosaic without number, direction, distance or position of its slices"
        )
    return count, corner, normal * spacing, rows, columns


def _first_corner(ds: Dataset, rows: int, columns: int) -> Vector:
    """Return the corner of the first slice: the stated one is the corner of a slice as large as the mosaic."""
    orientation = np.array(ds.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
    down, right = (float(c) for c in ds.PixelSpacing)
    shift = orientation[0] * right * (ds.Columns - columns) / 2 + orientation[1] * down * (ds.Rows - rows) / 2
    return np.asarray(np.array(ds.ImagePositionPatient, dtype=np.float64) + shift)


def _cut(pixels: NDArray[Any], side: int, rows: int, columns: int) -> NDArray[Any]:
    """Return the tiles of an image, row by row [tile, rows, columns]."""
    return pixels.reshape(side, rows, side, columns).swapaxes(1, 2).reshape(-1, rows, columns)


def _private(ds: Dataset, group: int, creator: str, element: int) -> Any:
    try:
        value = ds.private_block(group, creator)[element].value
    except KeyError:
        return None
    # Where the VR was lost (UN), the bytes are a little-endian integer (PS3.5 6.2.2) or its text.
    if isinstance(value, bytes) and element == COUNT[2] and group == COUNT[0]:
        return int.from_bytes(value, "little") if len(value) == 2 else int(value.decode("ascii", "replace") or 0)
    return value

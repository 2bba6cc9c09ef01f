"""Brings enhanced images and mosaics into the form of classic instances, one per slice."""

from collections.abc import Iterable, Iterator

from pydicom import Dataset

from idh_tasks.dicom.frames import enhanced_frames, is_enhanced
from idh_tasks.dicom.mosaic import is_mosaic, tiles


def frames(instances: Iterable[Dataset]) -> list[Dataset]:
    """Return classic instances as they are, and every frame of an enhanced image and tile of a mosaic as one.

    Raises
    ------
    SeriesRejectedError
        ``E_UNSUPPORTED_SOP`` or ``E_GEOMETRY_MISSING`` if the positions of frames or tiles are not stated.
    """
    return [frame for ds in instances for frame in _frames(ds)]


def _frames(ds: Dataset) -> Iterator[Dataset]:
    if is_enhanced(ds):
        yield from enhanced_frames(ds)
    elif is_mosaic(ds):
        yield from tiles(ds)
    else:
        yield ds

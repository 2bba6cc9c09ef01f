"""The order of the frames of an enhanced image in time, where only its dimension indices state it (PS3.3 C.7.6.17)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag, Tag

TIME = tuple(
    Tag(tag_for_keyword(keyword) or 0)
    for keyword in (
        "TemporalPositionIndex", "TemporalPositionTimeOffset", "FrameAcquisitionDateTime", "FrameReferenceDateTime",
        "FrameAcquisitionNumber", "TriggerTime", "NominalCardiacTriggerDelayTime", "AcquisitionDateTime",
        "AcquisitionTime",
    )
)  # fmt: skip
"""Attributes that advance with time, to which a dimension may point."""


def time_indices(ds: Dataset, contents: Sequence[Dataset]) -> list[int] | None:
    """Return the index of each frame along the dimension of time.

    Parameters
    ----------
    ds
        The enhanced image with its Dimension Index Sequence.
    contents
        The frame content of each frame.

    Returns
    -------
    list or None
        None if no dimension is one of time, if a frame has another number of indices, or if two such dimensions put
        the frames into different orders.
    """
    pointers = [_pointer(item) for item in ds.get("DimensionIndexSequence") or ()]
    columns = [number for number, pointer in enumerate(pointers) if pointer in TIME]
    indices = [_indices(content) for content in contents]
    if not columns or any(len(values) != len(pointers) for values in indices):
        return None
    table = np.array(indices)[:, columns]
    varying = table[:, np.ptp(table, axis=0) > 0]
    if not varying.size or any(not _same_order(varying[:, 0], other) for other in varying.T[1:]):
        return None
    return [int(index) for index in varying[:, 0]]


def _pointer(item: Dataset) -> BaseTag | None:
    pointer = item.get("DimensionIndexPointer")
    return None if pointer is None else Tag(pointer)


def _indices(content: Dataset) -> list[int]:
    stated = content.get("DimensionIndexValues")
    if stated is None:
        return []
    return [int(value) for value in ([stated] if isinstance(stated, int) else stated)]


def _same_order(one: NDArray[np.int_], other: NDArray[np.int_]) -> bool:
    """Return whether two indices rank the frames alike."""
    return bool((np.unique(one, return_inverse=True)[1] == np.unique(other, return_inverse=True)[1]).all())

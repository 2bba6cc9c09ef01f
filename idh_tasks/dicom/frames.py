"""The frames of an enhanced multi-frame image as if each were a classic instance (PS3.3 C.7.6.16)."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

BULK = ("PixelData", "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
RENAMED = {"EffectiveEchoTime": "EchoTime", "TemporalPositionIndex": "TemporalPositionIdentifier"}


def is_enhanced(ds: Dataset) -> bool:
    """Tell whether an instance holds its frames in functional groups."""
    return bool(ds.get("SOPClassUID") == EnhancedMRImageStorage)


def enhanced_frames(ds: Dataset) -> Iterator[Dataset]:
    """Yield each frame as a header of its own.

    A frame has the attributes of its functional groups at its top, its number, and its share of the pixels
    when they are asked for; the enhanced image itself is not changed.

    Raises
    ------
    SeriesRejectedError
        ``E_UNSUPPORTED_SOP`` for an enhanced image without functional groups: nothing says where its frames lie.
    """
    common = Dataset()
    for element in ds:
        if element.keyword not in BULK:
            common.add(element)
    _lift(common, ds.get("SharedFunctionalGroupsSequence") or [])
    groups = ds.get("PerFrameFunctionalGroupsSequence") or ()
    if len(groups) != int(ds.get("NumberOfFrames") or 1):
        raise SeriesRejectedError(
            Code.E_UNSUPPORTED_SOP, "an enhanced image without functional groups is kept, not read"
        )
    decoded = lazily_decoded(ds, lambda pixels: pixels.reshape(len(groups), ds.Rows, ds.Columns))
    for number, group in enumerate(groups):
        frame = Frame()
        frame.update(common)
        frame.file_meta = ds.file_meta
        _lift(frame, [group])
        frame.InstanceNumber = number + 1
        frame.decoded, frame.number = decoded, number
        yield frame


class Frame(Dataset):
    """A frame; the image it is part of is decoded once, when the first of its frames is asked for its pixels."""

    decoded: Callable[[], NDArray[Any]]
    number: int

    @property
    def pixel_array(self) -> NDArray[Any]:
        """Return the stored pixels of this frame [rows, columns]."""
        return self.decoded()[self.number]


def lazily_decoded(ds: Dataset, cut: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[], NDArray[Any]]:
    """Return what decodes the pixels once, when they are first asked for, and cuts them into frames."""
    return cache(lambda: cut(ds.pixel_array))


def _lift(onto: Dataset, groups: Sequence[Dataset]) -> None:
    """Copy the attributes of functional groups to the top, under their classic names."""
    for group in groups:
        for macro in group:
            if macro.VR != "SQ":
                continue
            for item in macro.value[:1]:
                for element in item:
                    if element.VR != "SQ":
                        onto.add(element)
                        _rename(onto, element.keyword)


def _rename(onto: Dataset, keyword: str) -> None:
    if keyword in RENAMED:
        setattr(onto, RENAMED[keyword], onto[keyword].value)

"""The frames of an enhanced multi-frame image as classic instances (PS3.3 C.7.6.16)."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from numpy.typing import NDArray
from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.dimensions import time_indices
from idh_tasks.dicom.high_throughput import register_decoders
from idh_tasks.errors import SeriesRejectedError

BULK = ("PixelData", "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
RENAMED = {
    "EffectiveEchoTime": "EchoTime",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "FrameType": "ImageType",
    "FrameAcquisitionNumber": "AcquisitionNumber",
}
"""Attributes of frames and their names in classic instances."""
NESTED = ("DiffusionGradientDirectionSequence",)
"""Sequences inside a functional group of which the attributes are needed."""
WHOLE = ("RealWorldValueMappingSequence",)
"""Functional groups of several items, or with codes, that classic instances have in the same form."""


def is_enhanced(ds: Dataset) -> bool:
    """Return whether an instance describes its frames in functional groups."""
    return bool(ds.get("SOPClassUID") == EnhancedMRImageStorage)


def enhanced_frames(ds: Dataset) -> Iterator[Dataset]:
    """Yield each frame as a data set of its own.

    A frame has the attributes of its functional groups at top level, its number, and its part of the pixels, which are
    decoded on first access. The enhanced image itself is not changed.

    Raises
    ------
    SeriesRejectedError
        ``E_UNSUPPORTED_SOP`` for an enhanced image without functional groups: the positions of its frames are unknown.
    """
    common = Dataset()
    for element in ds:
        if element.keyword not in BULK:
            common.add(element)
    _copy_to_top(common, ds.get("SharedFunctionalGroupsSequence") or [])
    groups = ds.get("PerFrameFunctionalGroupsSequence") or ()
    if len(groups) != int(ds.get("NumberOfFrames") or 1):
        raise SeriesRejectedError(
            Code.E_UNSUPPORTED_SOP, "an enhanced image without functional groups is stored, but not used"
        )
    decoded = lazily_decoded(ds, lambda pixels: pixels.reshape(len(groups), ds.Rows, ds.Columns))
    times = time_indices(ds, [_frame_content(group) for group in groups])
    for number, group in enumerate(groups):
        frame = Frame()
        frame.update(common)
        frame.file_meta = ds.file_meta
        _copy_to_top(frame, [group])
        if times is not None and "TemporalPositionIdentifier" not in frame:
            _set(frame, "TemporalPositionIdentifier", times[number])
        frame.file_number = ds.get("InstanceNumber")
        _set(frame, "InstanceNumber", number + 1)
        frame.decoded, frame.number = decoded, number
        yield frame


def first_frame(ds: Dataset) -> Dataset:
    """Return the first frame of an enhanced image; any other image, or one without stated frames, as it is."""
    if not is_enhanced(ds):
        return ds
    try:
        return next(enhanced_frames(ds), ds)
    except SeriesRejectedError:
        return ds


class Frame(Dataset):
    """A frame; its image is decoded once, when the pixels of any of its frames are first accessed.

    Attributes
    ----------
    number
        Position in the image, from 0.
    file_number
        Instance number of the image: frames of several images have the same Instance Numbers.
    """

    decoded: Callable[[], NDArray[Any]]
    number: int
    file_number: int | None = None

    @property
    def pixel_array(self) -> NDArray[Any]:
        """Return the stored pixels of this frame [rows, columns]."""
        return self.decoded()[self.number]


def lazily_decoded(ds: Dataset, cut: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[], NDArray[Any]]:
    """Return a function that decodes the pixels on its first call and cuts them into frames."""
    register_decoders()
    return cache(lambda: cut(ds.pixel_array))


def _frame_content(group: Dataset) -> Dataset:
    return next(iter(group.get("FrameContentSequence") or ()), Dataset())


def _copy_to_top(target: Dataset, groups: Sequence[Dataset]) -> None:
    """Copy the attributes of functional groups to top level, under their classic names."""
    for group in groups:
        for macro in group:
            if macro.keyword in WHOLE:
                target.add(macro)
            elif macro.VR == "SQ":
                _copy_item(target, macro.value[:1])


def _copy_item(target: Dataset, items: Sequence[Dataset]) -> None:
    for element in (element for item in items for element in item):
        if element.VR != "SQ":
            target.add(element)
            _rename(target, element.keyword)
        elif element.keyword in NESTED:
            _copy_item(target, element.value[:1])


def _rename(target: Dataset, keyword: str) -> None:
    if keyword in RENAMED:
        _set(target, RENAMED[keyword], target[keyword].value)


def _set(target: Dataset, keyword: str, value: object) -> None:
    """Set an attribute as a new element: elements are shared by the frames of an image."""
    target.add(DataElement(keyword, dictionary_VR(keyword), value))

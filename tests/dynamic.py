"""Dynamic series whose true order is known: every pixel of volume t has the value 100 + t."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from tests.factories import instance

SLICES, TR_S, EPI = 4, 1.5, {"ScanningSequence": "EP", "RepetitionTime": "1500", "EchoTime": "30"}
Header = Callable[[int, int], dict[str, Any]]
"""Attributes of an instance by time point and slice."""


def clock(seconds: float) -> str:
    """Return a time of day in DICOM's format."""
    hours, rest = divmod(seconds % 86400, 3600)
    return f"{int(hours):02d}{int(rest // 60):02d}{rest % 60:09.6f}"


def pixels(t: int, k: int) -> bytes:
    """Return the pixels of one slice of one volume; one pixel differs, so that no image is constant."""
    values = np.full(64, 100 + t, dtype=np.uint16)
    values[0] = 500 + k
    return values.tobytes()


def dynamic(header: Header, volumes: int = 10, **overrides: Any) -> list[Dataset]:
    """Return the shuffled instances of a dynamic series without any number or time but those of `header`."""
    instances = []
    for t in range(volumes):
        for k in range(SLICES):
            ds = instance(ImagePositionPatient=[0, 0, 5.0 * k], PixelData=pixels(t, k), **EPI | overrides)
            del ds.InstanceNumber
            for keyword, value in header(t, k).items():
                setattr(ds, keyword, value)
            instances.append(ds)
    Random(4).shuffle(instances)
    return instances


def enhanced_volume(t: int, frame_content: dict[str, Any], **overrides: Any) -> Dataset:
    """Return one volume as an enhanced image: its frames are numbered from 1 like those of every other."""
    ds = instance(SOPClassUID=EnhancedMRImageStorage, NumberOfFrames=SLICES, **overrides)
    ds.PixelData = b"".join(pixels(t, k) for k in range(SLICES))
    shared = _group(
        PlaneOrientationSequence={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        PixelMeasuresSequence={"PixelSpacing": [1.0, 1.0], "SliceThickness": 5},
        MRTimingAndRelatedParametersSequence={"RepetitionTime": 1500},
        MREchoSequence={"EffectiveEchoTime": 30.0},
    )
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence([
        _group(PlanePositionSequence={"ImagePositionPatient": [0, 0, 5.0 * k]}, FrameContentSequence=frame_content)
        for k in range(SLICES)
    ])  # fmt: skip
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RepetitionTime", "EchoTime"):
        delattr(ds, keyword)
    return ds


def _group(**macros: dict[str, Any]) -> Dataset:
    group = Dataset()
    for keyword, attributes in macros.items():
        item = Dataset()
        for name, value in attributes.items():
            setattr(item, name, value)
        setattr(group, keyword, Sequence([item]))
    return group

"""The pixels of one instance as numbers: decoded, without padding, rescaled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.dialect import scale_slope
from idh_tasks.dicom.high_throughput import register_decoders
from idh_tasks.dicom.image_kind import photometric_fault
from idh_tasks.domain.volume import Float
from idh_tasks.errors import SeriesRejectedError


def read_pixels(ds: Dataset) -> Float:
    """Return the rescaled pixels (PS3.3 C.11.1); padding becomes background (PS3.3 C.7.5.1.1.2).

    Background is 0, or the lowest value of the image where values are negative.

    Raises
    ------
    SeriesRejectedError
        ``E_PHOTOMETRIC`` for colour, palette and inverted images, ``E_DECODE`` if the pixels cannot be decoded or are
        not one image of the stated size.
    """
    fault = photometric_fault(ds)
    if fault:
        raise SeriesRejectedError(Code.E_PHOTOMETRIC, fault)
    stored = _stored(ds)
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    values = np.asarray(stored * np.float32(slope) + np.float32(intercept), dtype=np.float32)
    padding = _padding(ds, stored)
    if padding.any():
        values[padding] = min(0.0, float(values[~padding].min(initial=0.0)))
    return values


def comparable_pixels(ds: Dataset) -> Float:
    """Return pixels on the scale common to all volumes of a series (Philips: Chenevert et al., Transl Oncol 2014)."""
    slope = scale_slope(ds)
    pixels = read_pixels(ds)
    return pixels / np.float32(float(ds.get("RescaleSlope") or 1) * slope) if slope else pixels


def _stored(ds: Dataset) -> NDArray[Any]:
    register_decoders()
    try:
        stored = ds.pixel_array
    except (RuntimeError, ValueError, AttributeError, NotImplementedError, IndexError, TypeError) as error:
        raise SeriesRejectedError(Code.E_DECODE, f"pixels cannot be decoded ({type(error).__name__})") from None
    if stored.shape != (ds.Rows, ds.Columns):
        raise SeriesRejectedError(Code.E_DECODE, f"pixels of shape {stored.shape} where one image was expected")
    if "HighBit" in ds and ds.HighBit != ds.BitsStored - 1:
        raise SeriesRejectedError(Code.E_DECODE, f"high bit {ds.HighBit} of {ds.BitsStored} bits stored")
    return stored


def _padding(ds: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which pixels have the padding value, or lie between it and the limit of the padding range."""
    value = ds.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, dtype=bool)
    limit = ds.get("PixelPaddingRangeLimit")
    ends = sorted(_as_stored(int(end), stored.dtype) for end in (value, value if limit is None else limit))
    return np.asarray((stored >= ends[0]) & (stored <= ends[1]))


def _as_stored(value: int, dtype: np.dtype[Any]) -> int:
    """Return a padding value in the type of the pixels: signed and unsigned are confused in headers."""
    bits = 8 * dtype.itemsize
    wrapped = value % (1 << bits)
    return wrapped - (1 << bits) if dtype.kind == "i" and wrapped >= 1 << (bits - 1) else wrapped

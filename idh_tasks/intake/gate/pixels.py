"""Checks that the pixel data have the size that the header states, and that compressed ones can be decoded."""

from pydicom import Dataset
from pydicom.pixels.utils import iter_pixels

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.accepted import MAX_BYTES, NATIVE
from idh_tasks.intake.gate.file_meta import FileMeta


def check_pixels(ds: Dataset, meta: FileMeta, *, decode: bool) -> None:
    """Check the length of the pixel data (PS3.3 C.7.6.3) and, with `decode`, that compressed ones can be decoded.

    Raises
    ------
    InstanceRejectedError
        ``E_PIXEL_LENGTH`` or ``E_DECODE``.
    """
    expected = _expected_bytes(ds)
    if "PixelData" not in ds:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels expected, none found")
    if meta.transfer_syntax in NATIVE:
        actual = len(ds.get_item("PixelData").value or b"")
        if not expected <= actual <= expected + 1:
            raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels expected, {actual} found")
    elif expected > MAX_BYTES:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels are more than the limit")
    elif decode:
        _check_decodes(ds)


def _expected_bytes(ds: Dataset) -> int:
    try:
        bits = ds.Rows * ds.Columns * int(ds.get("SamplesPerPixel") or 1) * ds.BitsAllocated
        expected = (bits * int(ds.get("NumberOfFrames") or 1) + 7) // 8
    except Exception:  # a value of the wrong type; its text must not leave this function
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the header does not state the size of the image") from None
    if not expected > 0:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the image has no pixels")
    return int(expected)


def _check_decodes(ds: Dataset) -> None:
    uid = ds.file_meta.TransferSyntaxUID
    try:
        frames = sum(1 for _ in iter_pixels(ds))
    except Exception as error:  # every decoder raises its own types
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} cannot be decoded ({type(error).__name__})") from None
    stated = int(ds.get("NumberOfFrames") or 1)
    if frames != stated:
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} holds {frames} frames, the header states {stated}")

"""Checks that the pixel data have the size that the header states, and that compressed ones can be decoded."""

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.pixels.decoders.base import get_decoder
from pydicom.tag import Tag

from idh_tasks.codes import Code
from idh_tasks.dicom.elements import reading_copy
from idh_tasks.dicom.high_throughput import register_decoders
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.accepted import MAX_BYTES, NATIVE
from idh_tasks.intake.gate.file_meta import FileMeta
from idh_tasks.intake.gate.warning import GateWarning

PIXEL_DATA = Tag(0x7FE0, 0x0010)


def drop_padding(ds: Dataset, meta: FileMeta) -> Iterator[GateWarning]:
    """Drop what follows uncompressed pixels, and yield a warning, if it is less than an image of one repeated byte.

    Anything else may be a part of the image, of which the header then states the wrong size.
    """
    element, view = ds._dict.get(PIXEL_DATA), reading_copy(ds)
    if not isinstance(element, RawDataElement) or meta.transfer_syntax not in NATIVE:
        return
    try:
        expected = _expected_bytes(view)
    except InstanceRejectedError:  # an object without an image; `check_pixels` decides whether it must have one
        return
    value, end = element.value or b"", expected + expected % 2
    if len(value) > end and _is_padding(value[end:], _expected_bytes(view, one_frame=True)):
        ds._dict[element.tag] = element._replace(value=value[:end], length=end)
        yield GateWarning(Code.W_PIXEL_PADDING, f"{len(value) - end} bytes after the pixels are not kept")


def _is_padding(rest: bytes, frame: int) -> bool:
    return len(rest) < frame and len(set(rest)) == 1


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


def _expected_bytes(ds: Dataset, *, one_frame: bool = False) -> int:
    try:
        bits = ds.Rows * ds.Columns * int(ds.get("SamplesPerPixel") or 1) * ds.BitsAllocated
        expected = (bits * (1 if one_frame else int(ds.get("NumberOfFrames") or 1)) + 7) // 8
    except Exception:  # a value of the wrong type; its text must not leave this function
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the header does not state the size of the image") from None
    if not expected > 0:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the image has no pixels")
    return int(expected)


def _check_decodes(ds: Dataset) -> None:
    uid = ds.file_meta.TransferSyntaxUID
    try:
        frames = _decoded_frames(ds)
    except Exception as error:  # every decoder raises its own types
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} cannot be decoded ({type(error).__name__})") from None
    stated = int(ds.get("NumberOfFrames") or 1)
    if frames != stated:
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} holds {frames} frames, the header states {stated}")


def _decoded_frames(ds: Dataset) -> int:
    """Decode every frame, one at a time, and return how many there are.

    `pixel_array` corrects the sign of the pixels afterwards, in a copy of its own. Frame by frame, pydicom 3.0 fails to
    do so, since the decoders of JPEG-LS and JPEG 2000 return bytes that cannot be changed.
    """
    register_decoders()
    decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
    frames = decoder.iter_array(ds, apply_jls_sign_correction=False, apply_j2k_sign_correction=False)
    return sum(1 for _ in frames)

"""The gate: nothing reaches a pixel library before its header is consistent."""

import logging
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset, config, dcmread
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from idh_tasks.codes import Code
from idh_tasks.dicom.elements import glance
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError, UidMismatchError
from idh_tasks.intake.gate.file_meta import FileMeta, read_file_meta
from idh_tasks.intake.gate.values import check_charset, check_values

# pydicom's own warnings carry the values of elements.
config.settings.reading_validation_mode = config.IGNORE
config.logger.setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"pydicom\.")

MAX_INSTANCE_BYTES = 512 * 2**20
MAX_INFLATED_BYTES = 128 * 2**20
ACCEPTED = (MRImageStorage, EnhancedMRImageStorage, SegmentationStorage, RTStructureSetStorage)
NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
COMPRESSED = tuple(
    uid for uid in AllTransferSyntaxes if re.match(r"1\.2\.840\.10008\.1\.2\.(4\.(5|7|8|9[01]|20)|5)", uid)
)
"""JPEG, JPEG-LS, JPEG 2000 with its high-throughput variant, and RLE: still pictures, no video."""
REQUIRED_UIDS = ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID")
VALID_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
MAX_UID_LENGTH = 64


@dataclass(frozen=True)
class Admitted:
    """An instance that passed, with the warnings (code, reason) it passed with."""

    ds: Dataset
    warnings: tuple[tuple[str, str], ...] = ()


def admit(content: bytes, *, decode: bool = True) -> Admitted:
    """Check one DICOM file within limits and read it (PS3.10 7.1, PS3.3 C.7.6.3).

    Parameters
    ----------
    content
        The file.
    decode
        Whether compressed pixels are decoded as a test; needed once.

    Raises
    ------
    InstanceRejectedError
        ``E_NOT_DICOM``, ``E_FILE_META``, ``E_INFLATE_LIMIT``, ``E_NESTING_LIMIT``, ``E_MISSING_UID``,
        ``E_BAD_UID``, ``E_UID_MISMATCH``, ``E_VR_INVALID``, ``E_BURNED_IN``, ``E_PIXEL_LENGTH``, ``E_DECODE``,
        or ``W_SKIPPED_SOP`` for an object that is no MR image and no outline.
    """
    with _named():
        admitted, meta = _header(content)
        _check_image(glance(admitted.ds), meta, decode=decode)
    return admitted


def _check_image(ds: Dataset, meta: FileMeta, *, decode: bool) -> None:
    if meta.instance_uid != ds.SOPInstanceUID:
        raise UidMismatchError(Code.E_UID_MISMATCH, "file meta and data set name different instances")
    _check_class(ds)
    if ds.SOPClassUID != RTStructureSetStorage:
        _check_pixels(ds, meta, decode=decode)


@contextmanager
def _named() -> Iterator[None]:
    """Name whatever pydicom raises: it has many types, some with values in their text."""
    try:
        yield
    except (InstanceRejectedError, MemoryError):
        raise
    except RecursionError:
        raise InstanceRejectedError(Code.E_NESTING_LIMIT, "sequences are nested too deep") from None
    except Exception as error:  # its type is told, its text is not
        raise InstanceRejectedError(Code.E_NOT_DICOM, f"unreadable ({type(error).__name__})") from None


def read_header(content: bytes) -> Admitted:
    """Read a file whose header is consistent, whatever kind of object it is.

    Raises
    ------
    InstanceRejectedError
        As `admit`, but for the checks of class and pixels.
    """
    with _named():
        return _header(content)[0]


def _header(content: bytes) -> tuple[Admitted, FileMeta]:
    if len(content) > MAX_INSTANCE_BYTES:
        raise InstanceRejectedError(Code.E_SIZE_LIMIT, f"more than {MAX_INSTANCE_BYTES} bytes")
    meta = read_file_meta(content)
    _check_transfer_syntax(meta, content)
    ds = dcmread(BytesIO(content))
    _check_uids(ds)
    told = [*check_charset(ds), *check_values(ds)]
    if meta.preamble_used:
        told.append((Code.W_PREAMBLE, "the preamble was not empty; it is not kept"))
    return Admitted(ds, tuple(told)), meta


def _check_transfer_syntax(meta: FileMeta, content: bytes) -> None:
    if meta.transfer_syntax not in NATIVE + COMPRESSED:
        uid = meta.transfer_syntax if VALID_UID.fullmatch(meta.transfer_syntax) else "no UID"
        raise InstanceRejectedError(Code.E_DECODE, f"the transfer syntax is not accepted: {uid[:MAX_UID_LENGTH]}")
    if meta.transfer_syntax == DeflatedExplicitVRLittleEndian:
        _check_inflated(content[meta.end :])


def _check_inflated(packed: bytes) -> None:
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        while packed and size <= MAX_INFLATED_BYTES:
            size += len(inflater.decompress(packed, 2**20))
            packed = inflater.unconsumed_tail
    except zlib.error:
        raise InstanceRejectedError(Code.E_NOT_DICOM, "the deflated data set is broken") from None
    if size > MAX_INFLATED_BYTES:
        raise InstanceRejectedError(Code.E_INFLATE_LIMIT, f"the data set inflates beyond {MAX_INFLATED_BYTES} bytes")


def _check_uids(ds: Dataset) -> None:
    for keyword in REQUIRED_UIDS:
        uid = _raw_text(ds, keyword)
        if not uid:
            raise InstanceRejectedError(Code.E_MISSING_UID, f"{keyword} is missing")
        if len(uid) > MAX_UID_LENGTH or not VALID_UID.fullmatch(uid):
            raise InstanceRejectedError(Code.E_BAD_UID, f"{keyword} is not a valid UID")


def _raw_text(ds: Dataset, keyword: str) -> str:
    """Return a value as it stands: only the padding that PS3.5 allows is taken away."""
    if keyword not in ds:
        return ""
    value = ds.get_item(keyword).value or b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.removesuffix("\0").rstrip(" ") if text.strip("\0 ") else ""


def _check_class(ds: Dataset) -> None:
    burned_in = str(ds.get("BurnedInAnnotation") or "").upper()
    capture = ds.SOPClassUID == SecondaryCaptureImageStorage
    if burned_in == "YES" or (capture and burned_in != "NO"):
        raise InstanceRejectedError(Code.E_BURNED_IN, "text may be burned into the pixels")
    if ds.SOPClassUID not in ACCEPTED:
        raise InstanceSkippedError(Code.W_SKIPPED_SOP, f"{ds.SOPClassUID.name} is not used")


def _check_pixels(ds: Dataset, meta: FileMeta, *, decode: bool) -> None:
    expected = _pixel_bytes(ds)
    if "PixelData" not in ds:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels expected, none found")
    if meta.transfer_syntax in NATIVE:
        actual = len(ds.get_item("PixelData").value or b"")
        if not expected <= actual <= expected + 1:
            raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels expected, {actual} found")
    elif expected > MAX_INSTANCE_BYTES:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, f"{expected} bytes of pixels are more than the limit")
    elif decode:
        _check_decodes(ds)


def _pixel_bytes(ds: Dataset) -> int:
    try:
        bits = ds.Rows * ds.Columns * int(ds.get("SamplesPerPixel") or 1) * ds.BitsAllocated
        expected = (bits * int(ds.get("NumberOfFrames") or 1) + 7) // 8
    except Exception:  # a value of the wrong kind; its text stays here
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the image's size is not stated") from None
    if not expected > 0:
        raise InstanceRejectedError(Code.E_PIXEL_LENGTH, "the image has no pixels")
    return int(expected)


def _check_decodes(ds: Dataset) -> None:
    uid = ds.file_meta.TransferSyntaxUID
    try:
        frames = sum(1 for _ in iter_pixels(ds))
    except Exception as error:  # every decoder raises its own types
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} cannot be decoded ({type(error).__name__})") from None
    if frames != int(ds.get("NumberOfFrames") or 1):
        raise InstanceRejectedError(Code.E_DECODE, f"{uid} holds {frames} frames, others are stated")

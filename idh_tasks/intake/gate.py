"""The header gate: nothing reaches a pixel library before its header is consistent."""

import re
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.uid import (
    EnhancedMRImageStorage,
    MRImageStorage,
    SegmentationStorage,
)

from idh_tasks.errors import InstanceRejectedError

PREAMBLE = 128
MAX_INSTANCE_BYTES = 512 * 2**20
ACCEPTED = (MRImageStorage, EnhancedMRImageStorage, SegmentationStorage)
REQUIRED_UIDS = ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID")
VALID_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
MAX_UID_LENGTH = 64


def read_instance(content: bytes) -> Dataset:
    """Read one DICOM instance and check its header (PS3.10 7.1, PS3.3 C.7.6.3).

    Raises
    ------
    InstanceRejectedError
        ``E_NOT_DICOM``, ``E_MISSING_UID``, ``E_BAD_UID``, ``E_UID_MISMATCH``, ``E_PIXEL_LENGTH``,
        or ``W_SKIPPED_SOP`` for an object that is no MR image and no segmentation.
    """
    if len(content) > MAX_INSTANCE_BYTES or content[PREAMBLE : PREAMBLE + 4] != b"DICM":
        raise InstanceRejectedError("E_NOT_DICOM", "the file is not a DICOM file (PS3.10)")
    try:
        ds = dcmread(BytesIO(content))
    except Exception as error:  # pydicom raises many types, some with values in their text
        raise InstanceRejectedError("E_NOT_DICOM", f"unreadable ({type(error).__name__})") from None
    _check_uids(ds)
    if ds.SOPClassUID not in ACCEPTED:
        raise InstanceRejectedError("W_SKIPPED_SOP", f"{ds.SOPClassUID.name} is not used")
    _check_pixels(ds)
    return ds


def _check_uids(ds: Dataset) -> None:
    for keyword in REQUIRED_UIDS:
        uid = str(ds.get(keyword) or "")
        if not uid:
            raise InstanceRejectedError("E_MISSING_UID", f"{keyword} is missing")
        if len(uid) > MAX_UID_LENGTH or not VALID_UID.fullmatch(uid):
            raise InstanceRejectedError("E_BAD_UID", f"{keyword} is not a valid UID")
    if ds.file_meta.get("MediaStorageSOPInstanceUID") != ds.SOPInstanceUID:
        raise InstanceRejectedError("E_UID_MISMATCH", "file meta and data set name different instances")


def _check_pixels(ds: Dataset) -> None:
    if ds.file_meta.TransferSyntaxUID.is_compressed:
        return
    try:
        bits = ds.Rows * ds.Columns * ds.get("SamplesPerPixel", 1) * ds.BitsAllocated
        expected = (bits * int(ds.get("NumberOfFrames") or 1) + 7) // 8
    except (AttributeError, TypeError, ValueError):
        raise InstanceRejectedError("E_PIXEL_LENGTH", "the image's size is not stated") from None
    actual = len(ds.get("PixelData") or b"")
    if not expected <= actual <= expected + 1:
        raise InstanceRejectedError("E_PIXEL_LENGTH", f"{expected} bytes of pixels expected, {actual} found")

"""Reads an outline that a person uploads: in bounds that are checked before anything is unpacked, and rewritten."""

import zlib
from collections.abc import Sequence
from io import BytesIO
from math import prod

import nibabel as nib
from pydicom import Dataset, dcmread
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from idh_tasks.dicom.outlines import SEGMENTATIONS
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.files import mask_bytes
from idh_tasks.imaging.outline.nifti import GZIP, read_nifti
from idh_tasks.imaging.outline.reference import ReferenceImage, referenced
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.imaging.outline.segmentation import read_segmentation

MOST_PER_AXIS = 512
MOST_VOXELS = 2**26
"""For example 512 × 512 × 256; of a DICOM SEG, of all its segments together."""
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless)
"""Transfer syntaxes of DICOM SEG that are read: what they unpack to is bounded by its header."""
DICOM, PREAMBLE = b"DICM", 128
HEADERS = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
"""Headers of NIfTI by their size, which is their first number."""
LONGEST_HEADER = 2**16
"""Header with extensions; what is longer is no mask."""


def is_dicom(content: bytes) -> bool:
    """Return whether a file is a DICOM file (PS3.10 7.1)."""
    return content[PREAMBLE : PREAMBLE + len(DICOM)] == DICOM


def rewrite_upload(content: bytes, series: Sequence[ReferenceImage]) -> bytes:
    """Return an uploaded DICOM SEG or NIfTI mask as a gzipped NIfTI mask on its own grid, without any of its texts.

    Parameters
    ----------
    series
        Those of the study on which a DICOM SEG may have been drawn; a NIfTI mask states none.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is neither, too large, not understood as a whole, or empty.
    """
    mask = _segmentation(content, series) if is_dicom(content) else read_nifti(_bounded(content))
    return mask_bytes(mask.voxels > 0, mask.geometry)


def _segmentation(content: bytes, series: Sequence[ReferenceImage]) -> Volume:
    seg = _dataset(content)
    _check_size((int(seg.Columns), int(seg.Rows)), int(seg.get("NumberOfFrames") or 1))
    uids = set(referenced(seg))
    refusals: list[StudyQuarantinedError] = []
    for one in sorted(series, key=lambda one: uids.isdisjoint(one.instances)):
        try:
            return read_segmentation(seg, one)
        except StudyQuarantinedError as error:
            refusals.append(error)
    raise refusals[0] if refusals else refused("the study has no series on which the segmentation was drawn")


def _dataset(content: bytes) -> Dataset:
    """Read a DICOM SEG, whose transfer syntax is checked first: a deflated one unpacks to any size."""
    try:
        if _transfer_syntax(content) not in SYNTAXES:
            raise refused("the DICOM file is compressed; export the segmentation uncompressed or with RLE")
        seg = dcmread(BytesIO(content))
        kind = seg.SOPClassUID
    except StudyQuarantinedError:
        raise
    except Exception:  # pydicom raises many types, and some carry text of the header
        raise refused("the DICOM file is damaged") from None
    if kind not in SEGMENTATIONS:
        raise refused("the DICOM file is no segmentation (SEG)")
    return seg


def _transfer_syntax(content: bytes) -> object:
    """Return the transfer syntax that the file meta information states (PS3.10 7.1); nothing behind it is read."""
    file = BytesIO(content[PREAMBLE + len(DICOM) :])
    meta = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
    return meta.TransferSyntaxUID


def _bounded(content: bytes) -> bytes:
    """Return an unpacked NIfTI file, of which only the header is unpacked before its size is known."""
    shape, voxel_bytes = _stated(_unpacked(content, max(HEADERS)))
    if len(shape) < 3 or set(shape[3:]) - {1}:
        raise refused("the mask is not one three-dimensional volume")
    _check_size(shape[:3])
    most = prod(shape) * voxel_bytes + LONGEST_HEADER
    unpacked = _unpacked(content, most)
    if len(unpacked) >= most:
        raise refused("the mask unpacks to more than its header states")
    return unpacked


def _stated(start: bytes) -> tuple[list[int], int]:
    """Return the shape and the bytes per voxel that the header of a NIfTI file states."""
    for order in ("<", ">"):
        size = int.from_bytes(start[:4], "little" if order == "<" else "big")
        if size in HEADERS and len(start) >= size:
            try:
                header = HEADERS[size](start[:size], endianness=order, check=False)  # type: ignore[no-untyped-call]
                return [int(count) for count in header.get_data_shape()], int(header.get_data_dtype().itemsize)
            except Exception:  # nibabel raises many types  # noqa: S112
                continue
    raise refused("the file is neither a NIfTI mask nor a DICOM SEG")


def _unpacked(content: bytes, most: int) -> bytes:
    """Return at most so many bytes of a file that may be gzipped."""
    if not content.startswith(GZIP):
        return content[:most]
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, most)
    except zlib.error:
        raise refused("the file is damaged") from None


def _check_size(axes: Sequence[int], frames: int = 1) -> None:
    if min(*axes, frames) < 1 or max(axes) > MOST_PER_AXIS or prod(axes) * frames > MOST_VOXELS:
        raise refused(
            f"{prod(axes) * frames} voxels, {max(axes)} along one axis; "
            f"at most {MOST_VOXELS} are read, {MOST_PER_AXIS} per axis"
        )

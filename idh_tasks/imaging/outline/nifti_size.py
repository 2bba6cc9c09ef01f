"""Bounds a NIfTI file by its header, before anything else of it is unpacked."""

import zlib
from collections.abc import Sequence
from math import prod

import nibabel as nib

from idh_tasks.imaging.outline.refusals import refused

GZIP = b"\x1f\x8b"
MOST_VOXELS = 2**26
"""For example 512 × 512 × 256; of a DICOM SEG, of all its segments together."""
HEADERS = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
"""Headers of NIfTI by their size, which is their first number."""
LONGEST_HEADER = 2**16
"""Header with extensions; what is longer is no mask."""


def unpacked_nifti(content: bytes) -> bytes:
    """Return a NIfTI file, gzipped or not, of which only the header is unpacked before its size is known.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is none, has several volumes, or more voxels or bytes than are read.
    """
    shape, voxel_bytes = stated(unpacked(content, max(HEADERS)))
    if not 3 <= len(shape) <= 7 or set(shape[3:]) - {1}:
        raise refused("the mask is not one three-dimensional volume")
    check_size(shape[:3])
    most = prod(shape) * voxel_bytes + LONGEST_HEADER
    whole = unpacked(content, most)
    if len(whole) >= most:
        raise refused("the mask unpacks to more than its header states")
    return whole


def stated(start: bytes) -> tuple[list[int], int]:
    """Return the shape and the bytes per voxel that the header of a NIfTI file states."""
    for order in ("<", ">"):
        size = int.from_bytes(start[:4], "little" if order == "<" else "big")
        if size in HEADERS and len(start) >= size:
            try:
                header = HEADERS[size](start[:size], endianness=order, check=False)  # type: ignore[no-untyped-call]
                return [int(count) for count in header.get_data_shape()], int(header.get_data_dtype().itemsize)
            except Exception:  # nibabel raises many types  # noqa: S112
                continue
    raise refused("the file is neither a NIfTI mask nor a DICOM SEG, or is damaged")


def unpacked(content: bytes, most: int) -> bytes:
    """Return at most so many bytes of a file that may be gzipped."""
    if not content.startswith(GZIP):
        return content[:most]
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, most)
    except zlib.error:
        raise refused("the file is neither a NIfTI mask nor a DICOM SEG, or is damaged") from None


def check_size(axes: Sequence[int], frames: int = 1) -> None:
    """Check the number of voxels, which is what reading a mask takes memory for."""
    if min(*axes, frames) < 1 or prod(axes) * frames > MOST_VOXELS:
        raise refused(f"{prod(axes) * frames} voxels; at most {MOST_VOXELS} are read")

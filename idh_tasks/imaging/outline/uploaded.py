"""Reads an outline that a person uploads: in bounds that are checked before anything is unpacked, and rewritten."""

from collections.abc import Sequence
from io import BytesIO
from math import prod

from pydicom import Dataset, dcmread
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from idh_tasks.dicom.outlines import SEGMENTATIONS
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.files import mask_bytes
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.outline.nifti_size import HEADERS, MOST_VOXELS, stated, unpacked
from idh_tasks.imaging.outline.reference import ReferenceImage, referenced
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.imaging.outline.segmentation import read_segmentation

MOST_PER_AXIS = 512
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless)
"""Transfer syntaxes of DICOM SEG that are read: what they unpack to is bounded by its header."""
DICOM, PREAMBLE = b"DICM", 128


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
    mask = _segmentation(content, series) if is_dicom(content) else _mask(content)
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


def _mask(content: bytes) -> Volume:
    shape, _ = stated(unpacked(content, max(HEADERS)))
    _check_size(shape[:3])
    return read_nifti(content)


def _check_size(axes: Sequence[int], frames: int = 1) -> None:
    if min(*axes, frames) < 1 or max(axes) > MOST_PER_AXIS or prod(axes) * frames > MOST_VOXELS:
        raise refused(
            f"{prod(axes) * frames} voxels, {max(axes)} along one axis; "
            f"at most {MOST_VOXELS} are read, {MOST_PER_AXIS} per axis"
        )

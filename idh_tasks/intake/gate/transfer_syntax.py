"""Checks that a file's transfer syntax is accepted, and that a deflated data set is no decompression bomb."""

import zlib

from pydicom.uid import DeflatedExplicitVRLittleEndian

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.accepted import COMPRESSED, NATIVE
from idh_tasks.intake.gate.file_meta import FileMeta
from idh_tasks.intake.gate.uids import MAX_UID_LENGTH, VALID_UID

MAX_INFLATED_BYTES = 128 * 2**20
CHUNK_BYTES = 2**20


def check_transfer_syntax(meta: FileMeta, content: bytes) -> None:
    """Check the transfer syntax of a file.

    Raises
    ------
    InstanceRejectedError
        ``E_DECODE`` if it is not accepted, ``E_INFLATE_LIMIT`` or ``E_NOT_DICOM`` for a deflated data set that is too
        large or damaged.
    """
    if meta.transfer_syntax not in NATIVE + COMPRESSED:
        uid = meta.transfer_syntax if VALID_UID.fullmatch(meta.transfer_syntax) else "no UID"
        raise InstanceRejectedError(Code.E_DECODE, f"the transfer syntax is not accepted: {uid[:MAX_UID_LENGTH]}")
    if meta.transfer_syntax == DeflatedExplicitVRLittleEndian:
        _check_inflated_size(content[meta.end :])


def _check_inflated_size(deflated: bytes) -> None:
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        while deflated and size <= MAX_INFLATED_BYTES:
            size += len(inflater.decompress(deflated, CHUNK_BYTES))
            deflated = inflater.unconsumed_tail
    except zlib.error:
        raise InstanceRejectedError(Code.E_NOT_DICOM, "the deflated data set is damaged") from None
    if size > MAX_INFLATED_BYTES:
        raise InstanceRejectedError(Code.E_INFLATE_LIMIT, f"the data set inflates beyond {MAX_INFLATED_BYTES} bytes")

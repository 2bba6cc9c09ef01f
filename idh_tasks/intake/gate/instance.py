"""The gate: no instance reaches a pixel library before its header is known to be consistent."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset, config, dcmread
from pydicom.uid import RTStructureSetStorage, SecondaryCaptureImageStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.elements import reading_copy
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError, UidMismatchError
from idh_tasks.intake.gate.accepted import MAX_BYTES, SOP_CLASSES
from idh_tasks.intake.gate.file_meta import FileMeta, read_file_meta
from idh_tasks.intake.gate.pixels import check_pixels, drop_padding
from idh_tasks.intake.gate.single import check_single
from idh_tasks.intake.gate.transfer_syntax import check_transfer_syntax
from idh_tasks.intake.gate.uids import check_uids
from idh_tasks.intake.gate.values import check_charset, check_values
from idh_tasks.intake.gate.warning import GateWarning

# pydicom's own warnings contain the values of elements.
config.settings.reading_validation_mode = config.IGNORE
config.logger.setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"pydicom\.")


@dataclass(frozen=True)
class AdmittedInstance:
    """An instance that passed the gate, with the warnings that the gate gave."""

    ds: Dataset
    warnings: tuple[GateWarning, ...] = ()


def admit(content: bytes, *, decode: bool = True) -> AdmittedInstance:
    """Check one DICOM file within limits and read it (PS3.10 7.1, PS3.3 C.7.6.3).

    Parameters
    ----------
    content
        The file.
    decode
        Whether to decode compressed pixels as a check; once per file is enough.

    Raises
    ------
    InstanceRejectedError
        ``E_NOT_DICOM``, ``E_SIZE_LIMIT``, ``E_FILE_META``, ``E_INFLATE_LIMIT``, ``E_NESTING_LIMIT``,
        ``E_MISSING_UID``, ``E_BAD_UID``, ``E_UID_MISMATCH``, ``E_VR_INVALID``, ``E_BURNED_IN``, ``E_PIXEL_LENGTH``,
        ``E_DECODE``, or ``W_SKIPPED_SOP`` for an object that is neither an MR image nor an outline.
    """
    with _own_errors():
        admitted, meta = _read_header(content)
        _check_image(reading_copy(admitted.ds), meta, decode=decode)
    return admitted


def read_header(content: bytes) -> AdmittedInstance:
    """Read a file of any SOP class whose header is consistent.

    Raises
    ------
    InstanceRejectedError
        As `admit`, except for the checks of SOP class and pixels.
    """
    with _own_errors():
        return _read_header(content)[0]


@contextmanager
def _own_errors() -> Iterator[None]:
    """Translate whatever pydicom raises: it has many types, and some carry values in their text."""
    try:
        yield
    except (InstanceRejectedError, MemoryError):
        raise
    except RecursionError:
        raise InstanceRejectedError(Code.E_NESTING_LIMIT, "sequences are nested too deeply") from None
    except Exception as error:  # its type is named, its text is withheld
        raise InstanceRejectedError(Code.E_NOT_DICOM, f"unreadable ({type(error).__name__})") from None


def _read_header(content: bytes) -> tuple[AdmittedInstance, FileMeta]:
    if len(content) > MAX_BYTES:
        raise InstanceRejectedError(Code.E_SIZE_LIMIT, f"more than {MAX_BYTES} bytes")
    meta = read_file_meta(content)
    check_transfer_syntax(meta, content)
    ds = dcmread(BytesIO(content))
    check_single(ds)
    given = [*check_uids(ds), *check_charset(ds), *check_values(ds), *drop_padding(ds, meta)]
    if not meta.instance_uid:
        given.append(GateWarning(Code.W_FILE_META, "the file meta information does not name the instance"))
    if meta.preamble_used:
        given.append(GateWarning(Code.W_PREAMBLE, "the preamble was not empty; it is not kept"))
    return AdmittedInstance(ds, tuple(given)), meta


def _check_image(ds: Dataset, meta: FileMeta, *, decode: bool) -> None:
    if meta.instance_uid not in ("", ds.SOPInstanceUID):
        raise UidMismatchError(Code.E_UID_MISMATCH, "file meta information and data set name different instances")
    _check_class(ds)
    if ds.SOPClassUID != RTStructureSetStorage:
        check_pixels(ds, meta, decode=decode)


def _check_class(ds: Dataset) -> None:
    burned_in = str(ds.get("BurnedInAnnotation") or "").upper()
    capture = ds.SOPClassUID == SecondaryCaptureImageStorage
    if burned_in == "YES" or (capture and burned_in != "NO"):
        raise InstanceRejectedError(Code.E_BURNED_IN, "text may be burned into the pixels")
    if ds.SOPClassUID not in SOP_CLASSES:
        raise InstanceSkippedError(Code.W_SKIPPED_SOP, f"{ds.SOPClassUID.name} is not used")

"""Checks that a file holds one data set that states each element once (PS3.5 7.1)."""

from itertools import pairwise

from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError

SECOND_FILE = Tag(0x4944, 0x4D43)
"""What the prefix of a DICOM file, DICM, is read as if it follows another file."""


def check_single(ds: Dataset) -> None:
    """Check a data set as it was read, before any of its elements is replaced.

    Raises
    ------
    InstanceRejectedError
        ``E_NOT_DICOM``: of two statements, programs take the first or the last, so that one file is of two patients.
    """
    if SECOND_FILE in ds._dict:
        raise InstanceRejectedError(Code.E_NOT_DICOM, "another file follows in the same file")
    # A dictionary keeps the place of a key, so that only a repeated element lies behind the next one.
    places = [place for element in ds._dict.values() if (place := _place(element)) is not None]
    if any(place >= following for place, following in pairwise(places)):
        raise InstanceRejectedError(Code.E_NOT_DICOM, "an element occurs twice, and which one holds is not known")


def _place(element: DataElement | RawDataElement) -> int | None:
    """Return where in the file the value begins, if that is known."""
    return element.value_tell if isinstance(element, RawDataElement) else element.file_tell

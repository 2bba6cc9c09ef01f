"""Checks the UIDs that every instance must have (PS3.5 9.1)."""

import re

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError

REQUIRED = ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID")
VALID_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
MAX_UID_LENGTH = 64


def check_uids(ds: Dataset) -> None:
    """Check that every required UID is present and valid.

    Raises
    ------
    InstanceRejectedError
        ``E_MISSING_UID`` or ``E_BAD_UID``.
    """
    for keyword in REQUIRED:
        uid = _undecoded_text(ds, keyword)
        if not uid:
            raise InstanceRejectedError(Code.E_MISSING_UID, f"{keyword} is missing")
        if len(uid) > MAX_UID_LENGTH or not VALID_UID.fullmatch(uid):
            raise InstanceRejectedError(Code.E_BAD_UID, f"{keyword} is not a valid UID")


def _undecoded_text(ds: Dataset, keyword: str) -> str:
    """Return a value as the file has it; only the padding that PS3.5 allows is removed."""
    if keyword not in ds:
        return ""
    value = ds.get_item(keyword).value or b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.removesuffix("\0").rstrip(" ") if text.strip("\0 ") else ""

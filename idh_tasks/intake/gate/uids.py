"""Checks the UIDs that every instance must have (PS3.5 9.1)."""

import re
from collections.abc import Iterator

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.warning import GateWarning

REQUIRED = ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID")
VALID_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
LEADING_ZEROS = re.compile(r"\d+(\.\d+)+")
"""What some manufacturers make; the standard allows no leading zero in a component."""
MAX_UID_LENGTH = 64


def check_uids(ds: Dataset) -> Iterator[GateWarning]:
    """Check that every required UID is present and valid; yield a warning for each with leading zeros.

    Such a UID counts as it stands, like any other: archives compare the characters, and a second object may have the
    UID without the zeros. It is replaced by a pseudonym. A SOP class is one of the standard's, which has none.

    Raises
    ------
    InstanceRejectedError
        ``E_MISSING_UID`` or ``E_BAD_UID``.
    """
    for keyword in REQUIRED:
        uid = undecoded_text(ds, keyword)
        if not uid:
            raise InstanceRejectedError(Code.E_MISSING_UID, f"{keyword} is missing")
        if len(uid) <= MAX_UID_LENGTH and VALID_UID.fullmatch(uid):
            continue
        if len(uid) > MAX_UID_LENGTH or not LEADING_ZEROS.fullmatch(uid) or keyword == "SOPClassUID":
            raise InstanceRejectedError(Code.E_BAD_UID, f"{keyword} is not a valid UID")
        yield GateWarning(Code.W_UID_ZEROS, f"{keyword} has a component with a leading zero; it is taken as it stands")


def undecoded_text(ds: Dataset, keyword: str) -> str:
    """Return a value as the file has it; only padding is removed: a zero byte (PS3.5 9.1), or spaces."""
    if keyword not in ds:
        return ""
    value = ds.get_item(keyword).value or b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.rstrip("\0 ")

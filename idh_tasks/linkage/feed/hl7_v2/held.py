"""The refusal of a file that is not valid HL7 version 2."""

from typing import NoReturn

from idh_tasks.codes import Code
from idh_tasks.errors import FileHeldError


def hold(reason: str, line: int | None = None) -> NoReturn:
    """Refuse the whole file.

    Parameters
    ----------
    line
        Line of the segment at fault, counted from 1.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` with the line.
    """
    raise FileHeldError(Code.E_FEED_FORMAT, reason, line)

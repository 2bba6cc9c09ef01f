"""Errors named by their consequence; the codes are those of the fault catalogue."""

import errno
import traceback


class IdhError(Exception):
    """Base of everything the platform raises on purpose.

    Parameters
    ----------
    code
        Stable code of the fault, such as ``E_GEOMETRY_GAP``.
    reason
        What happened and what to do, without any identifier of a patient.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[type["IdhError"], tuple[str, str]]:
        """Come whole out of another process."""
        return type(self), (self.code, self.reason)


class StudyQuarantinedError(IdhError):
    """The whole delivery or study is held back; its neighbours go on."""


class SeriesRejectedError(IdhError):
    """One series cannot be used; the other series of the study go on."""


class InstanceRejectedError(IdhError):
    """One DICOM instance is held back; the other instances go on."""


class RunRefusedError(IdhError):
    """The run must not go on, and trying again changes nothing."""


class TransientError(IdhError):
    """The environment failed; the same call may succeed later."""


def named(error: Exception) -> IdhError:
    """Return one of our own errors for any: a full disk and what nobody foresaw have codes too."""
    if isinstance(error, IdhError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return TransientError("E_DISK", "no space is left on the disk; nothing was published, it is tried again")
    return TransientError("E_UNEXPECTED", without_text(error))


def without_text(error: BaseException) -> str:
    """Return an error's type and place: its text may hold a patient's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"

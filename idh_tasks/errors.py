"""Errors named after their consequence; `idh_tasks.codes` states what each code means."""

import errno
import traceback
from collections.abc import Callable

from idh_tasks.codes import Code


class IdhError(Exception):
    """Base of everything the platform raises on purpose.

    Parameters
    ----------
    code
        Stable code of the fault, such as ``E_GEOMETRY_GAP``.
    reason
        What happened and what to do, without any identifier of a patient.
    """

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[Callable[..., "IdhError"], tuple[object, ...]]:
        """Support pickling, so that the error can leave a child process."""
        return type(self), (self.code, self.reason)


class StudyQuarantinedError(IdhError):
    """A delivery or study is quarantined; the others are processed."""


class StudyExcludedError(IdhError):
    """The study does not belong to the platform: it is counted with the reason, and nothing of it is kept."""


class OutlineAwaitsReviewError(StudyQuarantinedError):
    """The tumour outline is a proposal that a reviewer has not accepted yet."""


class SeriesRejectedError(IdhError):
    """One series cannot be used; the other series of the study are processed."""


class InstanceRejectedError(IdhError):
    """One DICOM instance is quarantined; the other instances are processed."""


class InstanceSkippedError(InstanceRejectedError):
    """The platform does not use instances of this SOP class: the instance is counted, not quarantined."""


class UidMismatchError(InstanceRejectedError):
    """File meta information and data set name different instances or classes."""


class RunRefusedError(IdhError):
    """The run must not continue, and a retry would not help."""


class SettingsRefusedError(RunRefusedError):
    """A setting or a Connection is unknown, missing or not valid; nothing starts with it."""


class FileHeldError(RunRefusedError):
    """A file of the laboratory or the registry is held as a whole; the other files are read.

    Parameters
    ----------
    line
        Line at which the file cannot be read, counted from 1; None if the whole file is at fault.
    """

    def __init__(self, code: Code, reason: str, line: int | None = None) -> None:
        super().__init__(code, reason if line is None else f"line {line}: {reason}")
        self.line = line

    def __reduce__(self) -> tuple[Callable[..., IdhError], tuple[object, ...]]:
        """Support pickling; the reason already contains the line."""
        return _held_again, (type(self), self.code, self.reason, self.line)


def _held_again(kind: type["FileHeldError"], code: Code, reason: str, line: int | None) -> IdhError:
    error = kind(code, reason)
    error.line = line
    return error


class ObjectVanishedError(IdhError):
    """The object no longer exists."""


class TransientError(IdhError):
    """The environment failed; a retry may succeed."""


class ObjectReplacedError(TransientError):
    """The object was replaced while it was read; its new content counts as another delivery."""


class PeerTimeoutError(TransientError):
    """A peer did not answer in time."""


class PeerBusyError(TransientError):
    """A peer is busy, or we have asked it for all that we may; it is asked again later."""


def as_idh_error(error: Exception) -> IdhError:
    """Return our own error for any exception; a full disk and unforeseen errors have codes, too."""
    if isinstance(error, IdhError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return TransientError(
            Code.E_DISK, "no space is left on the disk; nothing was published; free some space and retry"
        )
    return TransientError(Code.E_UNEXPECTED, without_text(error))


def is_of_surroundings(error: Exception) -> bool:
    """Return whether a service or the installation is at fault; an unforeseen error is that of what was worked on."""
    known = as_idh_error(error)
    unforeseen = known is not error and known.code is Code.E_UNEXPECTED
    return isinstance(known, TransientError | RunRefusedError) and not unforeseen


def without_text(error: BaseException) -> str:
    """Return the type and location of an error without its text, which may contain patient data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"

"""Decides what an exception costs: the series or study that caused it, or the whole run."""

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, RunRefusedError, StudyQuarantinedError, TransientError, as_idh_error


def as_refusal(error: Exception) -> IdhError:
    """Return why a series or study is not used.

    An unforeseen error becomes ``E_PREPROC`` with its type and place, so that it costs only what was worked on.

    Raises
    ------
    TransientError
        If a retry may help: the database or the object store failed, or the disk is full.
    RunRefusedError
        If the installation is at fault, for example ``E_PLUGIN``.
    """
    known = as_idh_error(error)
    if known is not error and known.code is Code.E_UNEXPECTED:
        return StudyQuarantinedError(Code.E_PREPROC, f"an unforeseen error: {known.reason}")
    if isinstance(known, TransientError | RunRefusedError):
        raise known
    return known

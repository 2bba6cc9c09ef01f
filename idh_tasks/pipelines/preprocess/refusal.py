"""Decides what an exception costs: the series or study that caused it, or the whole run."""

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, StudyQuarantinedError, as_idh_error, is_of_surroundings


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
    if is_of_surroundings(error):
        raise known
    if known is not error:
        return StudyQuarantinedError(Code.E_PREPROC, f"an unforeseen error: {known.reason}")
    return known

"""Why a delivered outline is not used."""

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError


class NoTumourError(StudyQuarantinedError):
    """The object holds segments or structures, but none of them can be the tumour."""


def refused(reason: str) -> StudyQuarantinedError:
    """Return the error of an outline that cannot be used."""
    return StudyQuarantinedError(Code.E_ROI, reason)

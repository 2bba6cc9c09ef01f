"""Rewrites an uploaded outline in a process with limited memory and time: a hostile file harms only that process.

Parent to child is pickle, which is ours; child to parent is the rewritten mask or a sentence, never a pickle, because
the child has read hostile bytes. It inherits no variable that holds a secret.
"""

import pickle
import sys
from collections.abc import Sequence
from threading import Lock

from idh_tasks.confined import Limits, confine, run_confined
from idh_tasks.errors import InstanceRejectedError, StudyQuarantinedError, without_text
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.imaging.outline.uploaded import is_dicom, rewrite_upload
from idh_tasks.intake.gate.instance import admit

LIMITS = Limits(memory_bytes=2**31, seconds=60)
ONE_AT_A_TIME = Lock()
"""Several uploads at once would need the memory several times."""
WRITTEN, REFUSED = b"+", b"-"
"""The first byte of an answer."""


def rewrite_apart(content: bytes, series: Sequence[ReferenceImage]) -> bytes:
    """Call `rewrite_upload` in a process with limited memory and time.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI``: what it raised, or that the file exceeds the limits.
    """
    with ONE_AT_A_TIME:
        answer = run_confined(
            "idh_tasks.pipelines.review.upload_process", pickle.dumps((content, list(series))), LIMITS
        )
    if answer is not None and answer[:1] == WRITTEN:
        return answer[1:]
    if answer is not None and answer[:1] == REFUSED:
        raise refused(answer[1:].decode())
    raise refused("reading the file exceeded its limit of memory or time")


def _answer(content: bytes, series: Sequence[ReferenceImage]) -> bytes:
    try:
        if is_dicom(content):
            admit(content)
        return WRITTEN + rewrite_upload(content, series)
    except InstanceRejectedError as error:
        return REFUSED + f"the DICOM file is not accepted ({error})".encode()
    except StudyQuarantinedError as error:
        return REFUSED + error.reason.encode()
    except MemoryError:
        return REFUSED + b"reading the file exceeded its limit of memory"
    except Exception as error:  # its text may come from the header
        return REFUSED + f"the file cannot be read ({without_text(error)})".encode()


if __name__ == "__main__":
    confine(LIMITS)
    sys.stdout.buffer.write(_answer(*pickle.load(sys.stdin.buffer)))  # noqa: S301 - it comes from the parent process

"""Rewrites a delivered mask in a process of its own, so that a hostile file harms only that process."""

import sys

from idh_tasks.confined import Limits, confine, run_confined
from idh_tasks.errors import StudyQuarantinedError, without_text
from idh_tasks.imaging.outline.nifti import rewrite_nifti
from idh_tasks.imaging.outline.refusals import refused

LIMITS = Limits(memory_bytes=3 * 2**29, seconds=60)
WRITTEN, REFUSED = b"+", b"-"
"""The first byte of an answer."""


def rewrite_apart(content: bytes) -> bytes:
    """Call `rewrite_nifti` in a process with limited memory and time.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI``: what it raised, or that the mask exceeds the limits.
    """
    answer = run_confined("idh_tasks.imaging.outline.mask_process", content, LIMITS)
    if answer is None:
        raise refused("reading the mask exceeded its limit of memory or time")
    if answer[:1] == WRITTEN:
        return answer[1:]
    raise refused(answer[1:].decode())


def _answer(content: bytes) -> bytes:
    try:
        return WRITTEN + rewrite_nifti(content)
    except StudyQuarantinedError as error:
        return REFUSED + error.reason.encode()
    except MemoryError:
        return REFUSED + b"reading the mask exceeded its limit of memory"
    except Exception as error:  # its text may come from the header
        return REFUSED + f"the mask cannot be read ({without_text(error)})".encode()


if __name__ == "__main__":
    confine(LIMITS)
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))

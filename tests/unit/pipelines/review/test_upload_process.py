"""An uploaded file is read in a process of its own, which is limited and knows no secret."""

import gzip
import subprocess
from typing import Any

import numpy as np
import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.pipelines.review.upload_process import LIMITS, rewrite_apart
from tests.outlines import T2_GRID, Segment, segmentation, tumour
from tests.unit.imaging.outline.test_uploaded import MASK, T2, dicom


def answered(monkeypatch: pytest.MonkeyPatch, stdout: bytes) -> dict[str, Any]:
    """Have the child answer this; return how it is started."""
    options: dict[str, Any] = {}

    def run(command: list[str], **given: Any) -> "subprocess.CompletedProcess[bytes]":
        options.update(given)
        return subprocess.CompletedProcess(command, 0, stdout)

    monkeypatch.setattr(subprocess, "run", run)
    return options


def test_a_mask_comes_back_from_the_child() -> None:
    assert np.array_equal(read_nifti(rewrite_apart(gzip.compress(MASK), [])).voxels > 0, tumour())


def test_what_the_gate_refuses_is_refused_with_its_code() -> None:
    seg = segmentation([Segment(tumour())], T2_GRID, StudyInstanceUID="no uid")
    with pytest.raises(StudyQuarantinedError, match="the DICOM file is not accepted \\(E_BAD_UID"):
        rewrite_apart(dicom(seg), [T2])


def test_the_child_inherits_no_secret_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_CONN_IDH_STORE", "secret")
    options = answered(monkeypatch, b"+mask")
    assert rewrite_apart(b"content", []) == b"mask"
    assert "secret" not in str(options["env"])
    assert options["timeout"] == 2 * LIMITS.seconds


@pytest.mark.parametrize(
    ("stdout", "reason"), [(b"-it is empty", "it is empty"), (b"", "memory or time"), (b"garbage", "memory or time")]
)
def test_every_other_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch, stdout: bytes, reason: str) -> None:
    answered(monkeypatch, stdout)
    with pytest.raises(StudyQuarantinedError, match=reason):
        rewrite_apart(b"content", [])

"""A hostile file is rejected itself; the next one is checked as if nothing had happened."""

import os
import signal
import subprocess
import sys

import pytest

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate import sandbox
from idh_tasks.intake.gate.sandbox import Sandbox
from tests.factories import dicom_bytes, instance


def code(gate: Sandbox, content: bytes) -> Code:
    with pytest.raises(InstanceRejectedError) as caught:
        gate.check(content)
    return caught.value.code


def test_the_sandbox_answers_as_the_gate() -> None:
    with Sandbox() as gate:
        gate.check(dicom_bytes(instance()))
        assert code(gate, b"no DICOM") == "E_NOT_DICOM"
        assert code(gate, dicom_bytes(instance(Rows=9))) == "E_PIXEL_LENGTH"


def test_a_child_that_dies_costs_one_file() -> None:
    with Sandbox() as gate:
        gate.check(dicom_bytes(instance()))
        os.kill(gate.pid, signal.SIGKILL)
        assert code(gate, dicom_bytes(instance())) == "E_GATE"
        gate.check(dicom_bytes(instance()))


def test_many_files_are_answered_in_order() -> None:
    good, bad = dicom_bytes(instance()), b"no DICOM"
    with Sandbox() as gate:
        answers = [
            (content, error.code if error else None) for content, error in gate.check_all([good, bad, good, bad])
        ]
    assert answers == [(good, None), (bad, "E_NOT_DICOM")] * 2


def test_a_child_that_dies_among_many_files_costs_at_most_one() -> None:
    good = dicom_bytes(instance())
    codes: list[Code | None] = []
    with Sandbox() as gate:
        for number, (_, error) in enumerate(gate.check_all([good] * 5)):
            codes.append(error.code if error else None)
            if number == 1:
                os.kill(gate.pid, signal.SIGKILL)
    assert codes.count(Code.E_GATE) <= 1
    assert codes[:2] == [None, None]
    assert codes[3:] == [None, None]


def test_a_caller_who_stops_early_leaves_no_answer_behind() -> None:
    good, bad = dicom_bytes(instance()), b"no DICOM"
    with Sandbox() as gate:
        next(gate.check_all([good, bad, good]))
        gate.check(good)
        assert code(gate, bad) == "E_NOT_DICOM"


def test_a_child_that_hangs_is_killed_within_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TIME_LIMIT_S", 0.3)
    with Sandbox() as gate:
        os.kill(gate.pid, signal.SIGSTOP)
        assert code(gate, dicom_bytes(instance())) == "E_GATE"
        gate.check(dicom_bytes(instance()))


def test_d02_the_child_cannot_use_more_memory_than_its_limit() -> None:
    script = "from idh_tasks.intake.gate import child; child.limit_memory(); bytearray(child.MEMORY_BYTES + 2**28)"
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert "MemoryError" in completed.stderr

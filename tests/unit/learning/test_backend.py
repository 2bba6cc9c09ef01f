"""TensorFlow starts without a line on stderr, which Airflow shows as an error; what fails is still written."""

import os
import subprocess
import sys

import pytest

from idh_tasks.learning.backend import held_back_stderr
from idh_tasks.settings import ROOT

STARTS = [
    "idh_tasks.learning.training, idh_tasks.learning.registry",
    "idh_tasks.learning.vectorized",
    "idh_tasks.learning.fold_training as work; work._use_one_thread()",
]


@pytest.mark.parametrize("start", STARTS)
def test_a_process_that_trains_or_predicts_writes_no_line_of_tensorflow(start: str) -> None:
    used = "from idh_tasks.learning.backend import keras; keras.layers.Dense(1)(keras.ops.ones((2, 3)))"
    done = subprocess.run(  # noqa: S603 # a fixed command
        [sys.executable, "-c", f"import {start}\n{used}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    assert not done.stdout


@held_back_stderr()
def import_that_fails() -> None:
    os.write(2, b"libcuda is missing\n")
    raise ImportError


def test_lines_of_a_start_that_fails_are_written_after_all(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError):
        import_that_fails()
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "libcuda is missing\nlater\n"

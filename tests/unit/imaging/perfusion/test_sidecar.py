"""The times of a DSC series in NIfTI format are those of its sidecar file, which must not contradict the image."""

from dataclasses import replace
from typing import Any

import pytest

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion.relaxation import time_step
from idh_tasks.imaging.perfusion.sidecar import volume_times
from tests.perfusion_series import Planted

EVEN = [0.5, 2.0, 3.5, 5.0]


@pytest.mark.parametrize(
    ("sidecar", "header_step_s"),
    [
        ({"RepetitionTime": 1.5}, 1.5),
        ({"RepetitionTime": 1.5}, 1500.0),
        ({"RepetitionTime": 1.5}, 1.0),
        ({"RepetitionTime": "1.5"}, 0.0),
        ({"VolumeTiming": EVEN}, 1.5),
        ({"FrameTimesStart": EVEN, "RepetitionTime": 0.017}, 1.5),
    ],
)
def test_the_times_are_those_of_the_sidecar(sidecar: dict[str, Any], header_step_s: float) -> None:
    assert volume_times(sidecar, 4, header_step_s) == (0.0, 1.5, 3.0, 4.5)


@pytest.mark.parametrize(
    ("sidecar", "header_step_s"),
    [
        ({}, 1.5),
        ({"RepetitionTime": None}, 1.5),
        ({"RepetitionTime": 0.75}, 1.5),
        ({"RepetitionTime": 1500}, 1.5),
        ({"VolumeTiming": EVEN[:3]}, 1.5),
        ({"VolumeTiming": 1.5}, 1.5),
    ],
)
def test_times_that_are_missing_or_contradict_the_image_are_refused(
    sidecar: dict[str, Any], header_step_s: float
) -> None:
    with pytest.raises(SeriesRejectedError, match="E_TIMING"):
        volume_times(sidecar, 4, header_step_s)


@pytest.mark.parametrize(("step_s", "echo_time_ms"), [(1500.0, 30.0), (0.0015, 30.0), (1.5, 0.03), (1.5, 30_000.0)])
def test_times_in_another_unit_are_refused(step_s: float, echo_time_ms: float) -> None:
    series = Planted().series()
    steps = tuple(t * step_s for t in range(len(series.voxels)))
    with pytest.raises(SeriesRejectedError, match="E_TIMING"):
        time_step(replace(series, steps=steps, echo_time_ms=echo_time_ms))

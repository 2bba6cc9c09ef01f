"""Planted motion is measured and corrected; the bolus does not count as motion, and still series stay as they are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from idh_tasks.domain.volume import Series4D
from idh_tasks.imaging.perfusion import compute_rcbv
from idh_tasks.imaging.perfusion.first_pass import FirstPass
from idh_tasks.imaging.perfusion.motion import Motion, correct_motion, estimate_motion
from tests.factories import ball
from tests.perfusion_series import HEAD, HEAD_MM, Displacement, head_series

BEFORE = FirstPass(0, 9, 12, 20)
BOLUS = range(10, 15)
STILL = head_series({})
MOTIONS: list[Displacement] = [
    ((0, 0, 0), (0, 4, 0)),
    ((0, 0, 0), (3, 0, -2)),
    ((4, 0, 0), (0, 1, 1)),
    ((1, 3, 0), (0, 0, 6)),
]


def as_if_still(series: Series4D, *_: object) -> Motion:
    count = len(series.voxels)
    return Motion((np.eye(4),) * count, np.zeros(count))


@pytest.mark.parametrize(("degrees", "shift_mm"), MOTIONS)
def test_motion_during_the_bolus_is_measured_within_half_a_millimetre(
    degrees: tuple[float, float, float], shift_mm: tuple[float, float, float]
) -> None:
    motion = estimate_motion(head_series(dict.fromkeys(BOLUS, (degrees, shift_mm))), BEFORE)
    points = (np.argwhere(ball(HEAD, 18)) - (np.array(HEAD) - 1) / 2) * HEAD_MM
    truth = (points - shift_mm) @ Rotation.from_rotvec(degrees, degrees=True).as_matrix()
    for volume in BOLUS:
        matrix = motion.matrices[volume]
        errors = np.linalg.norm(points @ matrix[:3, :3].T + matrix[:3, 3] - truth, axis=1)
        assert errors.max() < 0.5
    assert motion.displacement_mm[[*range(9), *range(16, 36)]].max() < 0.3


def test_the_bolus_does_not_count_as_motion_and_a_still_series_is_not_resampled() -> None:
    motion = estimate_motion(STILL, BEFORE)
    assert motion.largest_mm < 0.3
    assert correct_motion(STILL, motion) is STILL


def test_the_same_series_gives_the_same_bits_again() -> None:
    series = head_series(dict.fromkeys(BOLUS, MOTIONS[2]))
    first, again = compute_rcbv(series), compute_rcbv(series)
    assert first.rcbv.voxels.tobytes() == again.rcbv.voxels.tobytes()
    assert first.movement_mm == again.movement_mm


@pytest.mark.parametrize(
    "moved",
    [
        dict.fromkeys(BOLUS, MOTIONS[0]),
        dict.fromkeys(range(11, 36), MOTIONS[2]),
        {volume: ((0.1 * volume, 0.0, 0.0), (0.0, 0.15 * volume, 0.0)) for volume in range(36)},
    ],
)
def test_rcbv_comes_closer_to_that_of_the_still_head(
    moved: dict[int, Displacement], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = ball(HEAD, 14)
    inside[[0, 1, -2, -1]] = False
    series, truth = head_series(moved), compute_rcbv(STILL).rcbv.voxels[inside]
    corrected = compute_rcbv(series)
    monkeypatch.setattr("idh_tasks.imaging.perfusion.rcbv.estimate_motion", as_if_still)
    monkeypatch.setattr("idh_tasks.imaging.perfusion.rcbv.spoiled_volumes", lambda *_: frozenset())
    error, without = (
        np.sqrt(np.mean((perfusion.rcbv.voxels[inside] - truth) ** 2))
        for perfusion in (corrected, compute_rcbv(series))
    )
    assert corrected.movement_mm > 3
    assert error < 0.7 * without


def test_an_empty_volume_has_no_motion_and_a_jump_out_of_the_field_of_view_is_measured_but_not_corrected() -> None:
    voxels = STILL.voxels.copy()
    voxels[20] = 0
    assert estimate_motion(replace(STILL, voxels=voxels), BEFORE).displacement_mm[20] < 0.3
    far = Motion((np.eye(4),) * 36, np.full(36, 50.0))
    assert correct_motion(STILL, far).voxels.tobytes() == STILL.voxels.tobytes()

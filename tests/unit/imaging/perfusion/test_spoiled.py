"""A spoiled volume is found wherever it lies, replaced where that can be relied upon, and refused by name elsewhere."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion import compute_rcbv, perfusion_flags
from idh_tasks.imaging.perfusion.spoiled import spoiled_volumes
from idh_tasks.settings import ImagingSettings
from tests.factories import ball
from tests.perfusion_series import HEAD, Displacement, Planted, head_series, tumour_to_white

STEP_S = 1.5
SOUND = head_series({})
INSIDE = ball(HEAD, 14)
BASELINE, PEAK, TAIL, LAST = 5, 12, 25, 35
NOD: Displacement = ((2.0, 0.0, 0.0), (0.0, 1.5, 0.0))

Spoil = Callable[[Float], Float]


def one_dark_slice(volume: Float) -> Float:
    """Return a volume with a slice that was not excited."""
    volume = volume.copy()
    volume[6] *= 0.1
    return volume


SPOILS: dict[str, Spoil] = {
    "dark": lambda volume: volume * 0.4,
    "bright": lambda volume: volume * 1.5,
    "empty": lambda volume: volume * 0,
    "noisy": lambda volume: volume + np.random.default_rng(2).normal(0, 250, volume.shape).astype(np.float32),
    "far away": lambda volume: np.roll(volume, 14, axis=2),
    "another patient": lambda volume: 1.3 * np.roll(volume[::-1, :, ::-1], 5, axis=1),
    "a map": lambda volume: np.where(volume > 100, np.float32(300), 0),
    "one slice": one_dark_slice,
}


def spoiled(volumes: list[int], spoil: Spoil, series: Series4D = SOUND) -> Series4D:
    """Return a series some of whose volumes are spoiled."""
    voxels = series.voxels.copy()
    for volume in volumes:
        voxels[volume] = spoil(voxels[volume])
    return replace(series, voxels=voxels)


def refusal(series: Series4D) -> tuple[Code, str]:
    with pytest.raises(SeriesRejectedError) as caught:
        compute_rcbv(series)
    return caught.value.code, caught.value.reason


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
@pytest.mark.parametrize("volume", [BASELINE, PEAK, TAIL, LAST])
def test_a_spoiled_volume_is_found_in_any_unit(spoil: Spoil, volume: int) -> None:
    series = spoiled([volume], spoil)
    assert spoiled_volumes(series, STEP_S) == {volume}
    assert spoiled_volumes(replace(series, voxels=series.voxels * np.float32(1e-3)), STEP_S) == {volume}


@pytest.mark.parametrize(("kind", "volume"), [("dark", BASELINE), ("another patient", TAIL), ("one slice", LAST)])
def test_where_the_signal_changes_slowly_it_is_interpolated_and_counted(kind: str, volume: int) -> None:
    perfusion, sound = compute_rcbv(spoiled([volume], SPOILS[kind])), compute_rcbv(SOUND)
    assert perfusion.rcbv.voxels[INSIDE] == pytest.approx(sound.rcbv.voxels[INSIDE], abs=0.15)
    assert perfusion.figures["repaired_volumes"] == 1
    assert perfusion.movement_mm < 0.5
    assert Code.W_DSC_VOLUMES in perfusion_flags(perfusion, ImagingSettings())
    assert Code.W_DSC_VOLUMES not in perfusion_flags(sound, ImagingSettings())


@pytest.mark.parametrize("kind", ["dark", "another patient"])
def test_at_the_peak_of_the_bolus_the_series_is_refused_with_the_number_of_the_volume(kind: str) -> None:
    code, reason = refusal(spoiled([PEAK], SPOILS[kind]))
    assert (code, reason[:20]) == (Code.E_DSC_VOLUMES, "volume 13 of 36 does")


def test_at_the_peak_it_is_interpolated_where_the_volumes_follow_one_another_quickly() -> None:
    series = Planted(step_s=0.8, count=90, noise=0.005).series()
    peak = int(series.voxels.mean(axis=(1, 2, 3)).argmin())
    perfusion = compute_rcbv(spoiled([peak], lambda volume: volume * 0.3, series))
    assert perfusion.figures["repaired_volumes"] == 1
    assert tumour_to_white(perfusion) == pytest.approx(3, rel=0.03)


@pytest.mark.parametrize("volumes", [[4, 20, 25, 30], [24, 25]])
def test_adjacent_or_many_spoiled_volumes_are_refused(volumes: list[int]) -> None:
    assert refusal(spoiled(volumes, SPOILS["another patient"]))[0] == Code.E_DSC_VOLUMES


@pytest.mark.parametrize("gain", [0.8, 1.15])
@pytest.mark.parametrize("volume", range(9, 19))
def test_a_slightly_darker_or_brighter_volume_shows_in_tissue_without_blood(gain: float, volume: int) -> None:
    assert spoiled_volumes(spoiled([volume], lambda voxels: voxels * np.float32(gain)), STEP_S) == {volume}


def test_two_empty_volumes_are_not_taken_for_the_bolus() -> None:
    assert refusal(spoiled([24, 25], SPOILS["empty"]))[0] in (Code.E_NO_BOLUS, Code.E_DSC_VOLUMES)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    assert refusal(spoiled([TAIL], lambda volume: volume * np.float32(value)))[0] == Code.E_EMPTY_IMAGE


def test_a_volume_that_repeats_the_one_before_is_replaced_and_others_contradict_the_times() -> None:
    voxels = SOUND.voxels.copy()
    voxels[TAIL] = voxels[TAIL - 1]
    assert compute_rcbv(replace(SOUND, voxels=voxels)).figures["repaired_volumes"] == 1
    voxels[TAIL + 5] = voxels[3]
    code, reason = refusal(replace(SOUND, voxels=voxels))
    assert (code, reason) == (Code.E_TIMING, "2 of 36 volumes have the pixels of earlier ones")


@pytest.mark.parametrize("times", [2, 3])
def test_each_volume_several_times_is_refused(times: int) -> None:
    voxels = np.repeat(SOUND.voxels, times, axis=0)
    steps = tuple(float(t) for t in np.arange(len(voxels)) * STEP_S)
    assert refusal(replace(SOUND, voxels=voxels, steps=steps))[0] == Code.E_TIMING


@pytest.mark.parametrize("moved", [{8: NOD}, dict.fromkeys(range(20, 36), NOD)])
def test_a_head_that_moves_is_not_spoiled(moved: dict[int, Displacement]) -> None:
    assert compute_rcbv(head_series(moved)).figures["repaired_volumes"] == 0


@pytest.mark.parametrize("step_s", [0.8, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("delay_s", [0.0, 6.0])
def test_the_first_pass_is_not_spoiled_however_few_volumes_show_it(step_s: float, delay_s: float) -> None:
    planted = Planted(step_s=step_s, count=int(75 / step_s), delay_s=delay_s, cbv=5, noise=0.01)
    assert not spoiled_volumes(planted.series(), step_s)


@pytest.mark.parametrize("kept", [0.0, 0.15, 0.3])
@pytest.mark.parametrize("start", [10, 12, 14])
def test_adjacent_volumes_that_lost_most_slices_in_the_bolus_are_found(start: int, kept: float) -> None:
    def most_slices(volume: Float) -> Float:
        changed = volume.copy()
        changed[4:-4] *= np.float32(kept)
        return changed

    assert {start, start + 1} <= spoiled_volumes(spoiled([start, start + 1], most_slices), STEP_S)

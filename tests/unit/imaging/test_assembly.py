"""Series are stacked by place; what does not fit is refused with the place named."""

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume
from tests.factories import instance, stack

PLACES = [0.0, 5.0, 10.0, 15.0]


def code(instances: list[Dataset]) -> str:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_volume(instances)
    return caught.value.code


def test_slices_are_ordered_by_place_whatever_their_number() -> None:
    slices = stack(PLACES)
    for number, ds in enumerate(slices):
        ds.PixelData = np.arange(number, 64 + number, dtype=np.uint16).tobytes()
    volume = assemble_volume(slices[::-1])
    assert volume.voxels[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert volume.geometry.spacing_mm == (1.0, 1.0, 5.0)


def test_d16_rescaling_is_applied_slice_by_slice() -> None:
    slices = stack(PLACES)
    slices[1].RescaleSlope, slices[1].RescaleIntercept = 2, 10
    volume = assemble_volume(slices)
    np.testing.assert_allclose(volume.voxels[1], volume.voxels[0] * 2 + 10)


def test_d12_a_missing_slice_is_named_and_never_becomes_spacing() -> None:
    with pytest.raises(
        SeriesRejectedError, match=r"10\.00 mm between the slices at 10\.0 and 20\.0 mm, 5\.00 expected"
    ):
        assemble_volume(stack([0, 5, 10, 20, 25]))


def test_d13_a_rotated_slice() -> None:
    assert code([*stack(PLACES), instance(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])]) == "E_GEOMETRY_ORIENT"


def test_d14_two_stacks_at_the_same_places() -> None:
    assert code([*stack(PLACES), *stack(PLACES)]) == "E_GEOMETRY_DUP"


def test_d15_mixed_pixel_spacing() -> None:
    assert code([*stack(PLACES), *stack([20.0], PixelSpacing=[2.0, 2.0])]) == "E_GEOMETRY_MATRIX"


def test_d23_a_constant_image() -> None:
    assert code(stack(PLACES, PixelData=b"\0" * 128)) == "E_EMPTY_IMAGE"


def test_volumes_over_b_are_in_order_and_complete() -> None:
    frames = [ds for b in (1000.0, 0.0, 500.0) for ds in stack(PLACES, DiffusionBValue=b)]
    assert assemble_over_b(frames).steps == (0.0, 500.0, 1000.0)
    with pytest.raises(SeriesRejectedError, match="a slice lacks b = 500"):
        assemble_over_b(frames[:-1])


def test_one_b_value_is_not_enough() -> None:
    with pytest.raises(SeriesRejectedError, match="two b-values are needed, 1 found"):
        assemble_over_b(stack(PLACES, DiffusionBValue=0.0))


def test_volumes_over_time_follow_the_repetition_time() -> None:
    series = assemble_over_time([*stack(PLACES), *stack(PLACES), *stack(PLACES)])
    assert series.voxels.shape == (3, 4, 8, 8)
    assert series.steps == (0.0, 0.5, 1.0)

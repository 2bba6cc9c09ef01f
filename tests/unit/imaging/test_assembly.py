"""Series are stacked by position; a series that does not fit is rejected, with the position in the message."""

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume
from tests.factories import instance, stack

POSITIONS = [0.0, 5.0, 10.0, 15.0]


def rejection_code(instances: list[Dataset]) -> str:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_volume(instances)
    return caught.value.code


def test_slices_are_ordered_by_position_and_not_by_instance_number() -> None:
    slices = stack(POSITIONS)
    for number, ds in enumerate(slices):
        ds.PixelData = np.arange(number, 64 + number, dtype=np.uint16).tobytes()
    volume = assemble_volume(slices[::-1])
    assert volume.voxels[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert volume.geometry.spacing_mm == (1.0, 1.0, 5.0)


def test_d16_rescaling_is_applied_per_slice() -> None:
    slices = stack(POSITIONS)
    slices[1].RescaleSlope, slices[1].RescaleIntercept = 2, 10
    volume = assemble_volume(slices)
    np.testing.assert_allclose(volume.voxels[1], volume.voxels[0] * 2 + 10)


def test_d12_a_missing_slice_is_reported_and_does_not_change_the_spacing() -> None:
    with pytest.raises(
        SeriesRejectedError, match=r"10\.00 mm between the slices at 10\.0 and 20\.0 mm, 5\.00 expected"
    ):
        assemble_volume(stack([0, 5, 10, 20, 25]))


def test_d13_a_rotated_slice_is_rejected() -> None:
    assert (
        rejection_code([*stack(POSITIONS), instance(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])])
        == "E_GEOMETRY_ORIENT"
    )


def test_d14_two_stacks_at_the_same_positions_are_rejected() -> None:
    assert rejection_code([*stack(POSITIONS), *stack(POSITIONS)]) == "E_GEOMETRY_DUP"


def test_d15_mixed_pixel_spacing_is_rejected() -> None:
    assert rejection_code([*stack(POSITIONS), *stack([20.0], PixelSpacing=[2.0, 2.0])]) == "E_GEOMETRY_MATRIX"


def test_d23_a_constant_image_is_rejected() -> None:
    assert rejection_code(stack(POSITIONS, PixelData=b"\0" * 128)) == "E_EMPTY_IMAGE"


def test_volumes_over_b_are_sorted_and_every_slice_has_every_b_value() -> None:
    instances = [ds for b in (1000.0, 0.0, 500.0) for ds in stack(POSITIONS, DiffusionBValue=b)]
    assert assemble_over_b(instances).steps == (0.0, 500.0, 1000.0)
    with pytest.raises(SeriesRejectedError, match="a slice lacks b = 500"):
        assemble_over_b(instances[:-1])


def test_a_single_b_value_is_rejected() -> None:
    with pytest.raises(SeriesRejectedError, match="two b-values are needed, 1 found"):
        assemble_over_b(stack(POSITIONS, DiffusionBValue=0.0))


def test_volumes_over_time_are_one_repetition_time_apart() -> None:
    series = assemble_over_time([ds for t in (2, 1, 3) for ds in stack(POSITIONS, TemporalPositionIdentifier=t)])
    assert series.voxels.shape == (3, 4, 8, 8)
    assert series.steps == (0.0, 0.5, 1.0)


def test_an_instance_that_was_delivered_twice_counts_once() -> None:
    slices = stack(POSITIONS)
    assert assemble_volume([*slices, *slices[:2]]).voxels.shape == (4, 8, 8)


@pytest.mark.parametrize("offsets", [[0.0], [0.0, 5.0]], ids=["one slice", "two slices"])
def test_one_or_two_slices_are_no_volume(offsets: list[float]) -> None:
    assert rejection_code(stack(offsets)) == "E_GEOMETRY_SLICES"


def test_slices_that_do_not_lie_straight_above_one_another_are_rejected() -> None:
    sheared = stack(POSITIONS)
    for number, ds in enumerate(sheared):
        ds.ImagePositionPatient = [0, 1.5 * number, 5.0 * number]
    assert rejection_code(sheared) == "E_GEOMETRY_SHEAR"


@pytest.mark.parametrize("missing", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
@pytest.mark.parametrize("value", [None, [], [1.0]], ids=["nothing", "no number", "one number"])
def test_slices_without_geometry_are_rejected(missing: str, value: object) -> None:
    slices = stack(POSITIONS)
    for ds in slices:
        setattr(ds, missing, value)
    assert rejection_code(slices) == "E_GEOMETRY_MISSING"


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "PixelSpacing"])
def test_a_slice_whose_geometry_is_no_number_is_rejected(keyword: str) -> None:
    slices = stack(POSITIONS)
    setattr(slices[2], keyword, [float("nan")] * len(slices[2][keyword].value))
    assert rejection_code(slices) == "E_GEOMETRY_MISSING"

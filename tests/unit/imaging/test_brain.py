"""The brain mask contains the brain and neither skull nor scalp."""

import pytest

from idh_tasks.domain.volume import Geometry, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.brain import brain_mask
from tests.factories import ball, head


def with_spacing(volume: Volume, spacing: float) -> Volume:
    return Volume(volume.voxels, Geometry(volume.geometry.shape, (spacing,) * 3, (0.0, 0.0, 0.0)))


def test_the_mask_contains_the_brain_and_not_the_scalp() -> None:
    volume = with_spacing(head(), 3.0)
    mask, truth = brain_mask(volume), ball(volume.voxels.shape, 22)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93
    assert not (mask & ~ball(volume.voxels.shape, 25.5)).any()


def test_a_mask_without_the_volume_of_a_brain_is_rejected() -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        brain_mask(with_spacing(head(), 0.5))
    assert caught.value.code == "E_BRAIN_MASK"

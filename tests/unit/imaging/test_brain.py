"""The brain mask keeps the brain and leaves skull and scalp out."""

import pytest

from idh_tasks.domain.volume import Geometry, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.brain import brain_mask
from tests.factories import ball, head


def grown(volume: Volume, spacing: float) -> Volume:
    return Volume(volume.voxels, Geometry(volume.geometry.shape, (spacing,) * 3, (0.0, 0.0, 0.0)))


def test_the_brain_is_found_and_the_scalp_is_not() -> None:
    volume = grown(head(), 3.0)
    mask, truth = brain_mask(volume), ball(volume.voxels.shape, 22)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93
    assert not (mask & ~ball(volume.voxels.shape, 25.5)).any()


def test_what_has_not_the_volume_of_a_brain_is_refused() -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        brain_mask(grown(head(), 0.5))
    assert caught.value.code == "E_BRAIN_MASK"

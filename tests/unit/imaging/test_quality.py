"""Planted noise and ghosts are measured."""

import numpy as np
import pytest

from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.quality import check_quality, measure_quality
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry, head

SHAPE = (40, 70, 60)


def noisy(fraction: float) -> Volume:
    """Return a ball of value 500 with noise of this fraction of its value."""
    clean = 500.0 * ball(SHAPE, 17)
    rng = np.random.default_rng(2)
    return Volume((clean + rng.normal(0, fraction * 500, SHAPE)).astype(np.float32), geometry(SHAPE))


@pytest.mark.parametrize("ratio", [3.0, 10.0, 25.0])
def test_the_planted_signal_to_noise_is_measured_within_a_fifth(ratio: float) -> None:
    measured = measure_quality(noisy(1 / ratio)).signal_to_noise
    assert measured == pytest.approx(ratio, rel=0.2)


def test_an_image_without_noise_is_accepted() -> None:
    check_quality(measure_quality(head()), ImagingSettings())


def test_a_ghost_along_the_phase_direction_is_measured_and_rejected() -> None:
    clean = noisy(0.02)
    ghost = 0.2 * np.roll(clean.voxels, 35, axis=1)
    ghosted = measure_quality(Volume((clean.voxels + ghost).astype(np.float32), clean.geometry))
    assert ghosted.ghosting > 0.02 > measure_quality(clean).ghosting
    with pytest.raises(SeriesRejectedError, match="E_QUALITY: ghosts"):
        check_quality(ghosted, ImagingSettings(ghosting_limit=0.02))


def test_too_much_noise_is_rejected_with_the_figure() -> None:
    with pytest.raises(SeriesRejectedError, match=r"E_QUALITY: signal to noise is \d\.\d, 4 is needed"):
        check_quality(measure_quality(noisy(0.5)), ImagingSettings())

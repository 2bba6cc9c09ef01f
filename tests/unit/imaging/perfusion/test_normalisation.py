"""rCBV becomes relative to white matter opposite the tumour, also in a rotated head."""

import numpy as np
import pytest
from scipy.ndimage import rotate

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.imaging.perfusion.normalisation import contralateral_white_matter, normalise_rcbv
from tests.factories import ball, geometry

SHAPE = (50, 60, 60)
WHITE, GREY, TUMOUR = 2.5, 4.0, 9.0
"""rCBV in arbitrary units."""


def anatomy(tumour_at: float, degrees: float = 0) -> tuple[Volume, Mask, Mask, Mask, np.ndarray]:
    """Return MPRAGE, brain, tumour, white matter and rCBV, with the tumour at this column."""
    brain, white, tumour = ball(SHAPE, 24), ball(SHAPE, 19), ball(SHAPE, 6, (25, 30, tumour_at))
    labels = 1.0 * brain + white
    labels[ball(SHAPE, 5)] = 0.5
    labels[tumour] = 3
    labels = rotate(labels, degrees, axes=(1, 2), reshape=False, order=0)
    mprage = np.select([labels == 1, labels == 2, labels == 3, labels > 0], [500, 800, 1200, 200], 0)
    mprage = mprage + np.random.default_rng(1).normal(0, 25, SHAPE)
    rcbv = np.select([labels == 1, labels == 2, labels == 3], [GREY, WHITE, TUMOUR], 0).astype(np.float32)
    return Volume(mprage.astype(np.float32), geometry(SHAPE, 2.5)), labels > 0, labels == 3, labels == 2, rcbv


@pytest.mark.parametrize("tumour_at", [16, 43])
@pytest.mark.parametrize("degrees", [-15, 0, 10])
def test_white_matter_opposite_the_tumour_is_one(tumour_at: float, degrees: float) -> None:
    mprage, brain, tumour, white, rcbv = anatomy(tumour_at, degrees)
    found = contralateral_white_matter(brain, tumour, mprage)
    opposite = np.sign(29.5 - tumour_at)
    assert (found & white).sum() > 0.98 * found.sum()
    assert (np.sign(np.nonzero(found)[2] - 29.5) == opposite).mean() > 0.95
    normalised = normalise_rcbv(rcbv, np.ones(SHAPE, dtype=bool), brain, tumour, mprage)
    assert normalised.flags == ()
    assert normalised.voxels[tumour].mean() == pytest.approx(TUMOUR / WHITE, rel=0.01)


def test_the_other_hemisphere_does_not_depend_on_a_tumour_that_touches_the_midline() -> None:
    mprage, brain, tumour, _, rcbv = anatomy(33)
    found = contralateral_white_matter(brain, tumour, mprage)
    assert found.any()
    assert (np.nonzero(found)[2] < 29).all()
    assert not (found & ball(SHAPE, 9, (25, 30, 33))).any()
    assert normalise_rcbv(rcbv, brain, brain, tumour, mprage).white_matter_ml > 1


def test_without_enough_white_matter_rcbv_stays_as_it_is_and_says_so() -> None:
    mprage, brain, tumour, _, rcbv = anatomy(16)
    covered = np.zeros(SHAPE, dtype=bool)
    covered[25, 30, 40] = True
    normalised = normalise_rcbv(rcbv, covered, brain, tumour, mprage)
    assert normalised.flags == ("W_RCBV_REFERENCE",)
    assert normalised.voxels is rcbv

"""An outline that lies beside the lesion of T2 and FLAIR is flagged; a right one costs no proposal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.outline.agreement import Agreement, agreement
from tests.factories import ball

SHAPE, SPACING = (48, 56, 48), (2.0, 2.0, 3.0)
BRAIN = ball(SHAPE, 22)
CENTRE = (24.0, 30.0, 14.0)
LESION = ball(SHAPE, 6, CENTRE)


def image(lesion: float, cyst: float | None = None, place: Mask = LESION) -> Float:
    """Return tissue of 100 with noise, a lesion and perhaps a cyst in it."""
    noise = ndimage.gaussian_filter(np.random.default_rng(2).normal(0, 1, SHAPE), 0.7)
    voxels = 100 + 12 * noise / noise.std() + (lesion - 100) * place
    if cyst is not None:
        voxels[ball(SHAPE, 5, CENTRE)] = cyst  # most of the lesion
    return np.asarray(voxels, dtype=np.float32)


T2, FLAIR = image(160), image(170)


def never() -> Mask | None:
    pytest.fail("the proposal is not needed")


def judged(outline: Mask, t2: Float = T2, flair: Float | None = FLAIR, proposal: Mask | None = LESION) -> Agreement:
    images = [t2] if flair is None else [t2, flair]
    return agreement(outline, images, BRAIN, SPACING, lambda: proposal)


def test_a_right_outline_stands_out_and_needs_no_proposal() -> None:
    found = agreement(LESION, [T2, FLAIR], BRAIN, SPACING, never)
    assert found.figures["outline_contrast"] > 0.95
    assert found.flags == ()


@pytest.mark.parametrize("wrong", [LESION[:, :, ::-1], LESION[::-1, ::-1, ::-1], np.roll(LESION, 12, axis=1)])
def test_a_mirrored_or_shifted_outline_is_flagged_with_its_figures(wrong: Mask) -> None:
    found = judged(wrong)
    assert found.flags == (Code.W_ROI_DOUBTFUL,)
    assert found.figures["outline_contrast"] < 0.7
    assert "outline contrast 0.6" in found.notes or "outline contrast 0.5" in found.notes
    assert found.notes.endswith("W_ROI_DOUBTFUL")


@settings(max_examples=15)
@given(place=st.tuples(st.floats(-4, 4), st.floats(-4, 4), st.floats(-4, 4)), axis=st.integers(0, 2))
def test_an_outline_that_is_turned_over_is_flagged_even_if_it_covers_most_of_the_lesion(
    place: tuple[float, float, float], axis: int
) -> None:
    """Of a lesion in the middle of the image, the mirror image overlaps most."""
    big, small = np.add((24.0, 28.0, 24.0), place), np.add((24.0, 28.0, 24.0), place)
    small[axis] += 7
    lopsided = ball(SHAPE, 7, tuple(big)) | ball(SHAPE, 4, tuple(small))
    images = [image(160, place=lopsided), image(170, place=lopsided)]
    assert agreement(lopsided, images, BRAIN, SPACING, never).flags == ()
    found = agreement(np.flip(lopsided, axis), images, BRAIN, SPACING, lambda: lopsided)
    assert found.flags == (Code.W_ROI_DOUBTFUL,)


@pytest.mark.parametrize("shift", [3, 4, 6])
def test_an_outline_beside_the_lesion_is_flagged_by_its_gain_elsewhere(shift: int) -> None:
    found = agreement(np.roll(LESION, shift, axis=2), [T2, FLAIR], BRAIN, SPACING, never)
    assert found.figures["outline_gain_elsewhere"] > 0.1
    assert found.flags == (Code.W_ROI_DOUBTFUL,)


@pytest.mark.parametrize("radius", [5.5, 6.5])
def test_an_outline_drawn_a_little_too_small_or_large_is_not_flagged(radius: float) -> None:
    assert agreement(ball(SHAPE, radius, CENTRE), [T2, FLAIR], BRAIN, SPACING, never).flags == ()


def test_without_a_proposal_a_doubtful_outline_stays_doubtful() -> None:
    found = judged(LESION[:, :, ::-1], proposal=None)
    assert found.figures["outline_overlap"] == 0
    assert found.flags == (Code.W_ROI_DOUBTFUL,)


def test_a_faint_outline_is_confirmed_by_the_proposal() -> None:
    found = judged(LESION, image(104), image(104))
    assert found.figures["outline_contrast"] < 0.75
    assert found.figures["outline_overlap"] == 1
    assert found.flags == ()


def test_a_cyst_that_is_dark_on_flair_is_judged_by_its_wall() -> None:
    found = agreement(LESION, [image(160, 260), image(170, 30)], BRAIN, SPACING, never)
    assert found.figures["outline_contrast"] > 0.95


def test_a_ventricle_is_flagged() -> None:
    ventricle = ball(SHAPE, 5, CENTRE)
    assert judged(ventricle, image(100, 260), image(100, 30), None).flags == (Code.W_ROI_DOUBTFUL,)


def test_without_a_flair_the_t2_alone_decides() -> None:
    assert agreement(LESION, [T2], BRAIN, SPACING, never).flags == ()
    found = agreement(LESION[:, :, ::-1], [T2], BRAIN, SPACING, never)
    assert found.flags == (Code.W_ROI_DOUBTFUL,)
    assert "outline_overlap" not in found.figures


def test_an_outline_without_surroundings_in_the_brain_is_not_judged() -> None:
    assert agreement(BRAIN, [T2, FLAIR], BRAIN, SPACING, never) == Agreement({})


@settings(max_examples=15)
@given(st.floats(0.01, 1000), st.floats(-500, 500))
def test_the_contrast_does_not_depend_on_the_unit(scale: float, offset: float) -> None:
    found = agreement(LESION, [T2 * np.float32(scale) + np.float32(offset), FLAIR], BRAIN, SPACING, never)
    assert found.figures["outline_contrast"] == pytest.approx(judged(LESION).figures["outline_contrast"], abs=1e-3)


def test_a_slip_of_the_pen_that_widens_the_patch_is_flagged_with_its_figure() -> None:
    slipped = LESION.copy()
    slipped[24, 30, 40] = True
    found = judged(slipped)
    assert found.flags == (Code.W_ROI_DOUBTFUL,)
    assert found.figures["outline_widening"] > 2
    assert "outline_widening" not in judged(LESION).figures

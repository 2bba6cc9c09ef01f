"""The slices of a study: what is shown, what is blank, and where the slices are."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from idh_tasks.domain.slices import slice_place, slice_z_mm
from idh_tasks.domain.volume import Float, Geometry, Mask
from idh_tasks.reporting.slices import MARGIN_MM, SlicePlan, patch_picture, plan_slices

SPACING = (0.9, 1.1, 1.0)
GRID = Geometry((60, 90, 80), SPACING, (-40.0, -50.0, -20.0))
RNG = np.random.default_rng(1)
HEAD: Float = RNG.uniform(50, 150, GRID.shape).astype(np.float32)


def ball(centre: tuple[int, int, int], radius_mm: float) -> Mask:
    """Return a ball around a voxel (z, y, x)."""
    away = [(axis - at) * mm for axis, at, mm in zip(np.indices(GRID.shape), centre, SPACING[::-1], strict=True)]
    inside: Mask = np.sqrt(sum(one**2 for one in away)) < radius_mm
    return inside


BRAIN = ball((30, 45, 40), 18)
TUMOUR = ball((32, 50, 45), 5)
THROUGH = 32


def plan(tumour: Mask = TUMOUR, through: int = THROUGH) -> SlicePlan:
    return plan_slices(GRID, BRAIN, tumour, through)


def stacked(content: bytes, planned: SlicePlan) -> Float:
    """Return a picture as slices [slice, row, column]."""
    layout = planned.layout
    pixels = np.asarray(Image.open(BytesIO(content)))
    return pixels.reshape(layout.slices, layout.rows, layout.columns)


def test_nothing_is_shown_farther_from_the_brain_than_the_margin() -> None:
    planned = plan()
    shown = np.zeros(GRID.shape, dtype=bool)
    shown[planned.steps] = stacked(planned.picture(HEAD), planned) > 0
    far = ball((30, 45, 40), 18 + MARGIN_MM + max(SPACING))
    assert shown[BRAIN].any()
    assert not shown[~far & ~TUMOUR].any()


def test_a_tumour_that_the_brain_mask_misses_is_shown() -> None:
    outside = ball((30, 45, 64), 4)
    planned = plan(outside, through=30)
    grey = stacked(planned.picture(HEAD), planned)
    assert (grey[outside[planned.steps]] > 0).mean() > 0.9


def test_slices_are_three_millimetres_apart_and_include_that_of_the_patch() -> None:
    planned = plan()
    layout = planned.layout
    chosen = np.arange(GRID.shape[0])[planned.steps[0]]
    assert set(np.diff(chosen)) == {3}
    assert chosen[layout.shown] == THROUGH
    assert layout.first_mm + layout.shown * layout.step_mm == pytest.approx(-20 + THROUGH)


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (1.0, 1.0, 1.0), (0.47, 0.47, 5.0)])
def test_the_layout_says_how_large_a_pixel_is(spacing: tuple[float, float, float]) -> None:
    planned = plan_slices(Geometry(GRID.shape, spacing, (0.0, 0.0, 0.0)), BRAIN, TUMOUR, THROUGH)
    layout = planned.layout
    assert layout.pixel_mm == pytest.approx((1.0, 1.0), abs=0.07)
    assert layout.step_mm == pytest.approx(max(3.0, spacing[2]), abs=0.01)
    assert planned.inside.shape == (layout.slices, layout.rows, layout.columns)


def test_the_outline_has_a_colour_and_is_transparent_elsewhere() -> None:
    planned = plan()
    layout = planned.layout
    pixels = np.asarray(Image.open(BytesIO(planned.outline(TUMOUR, "#ffcc33"))).convert("RGBA"))
    drawn = pixels[..., 3] > 0
    assert {tuple(one) for one in pixels[drawn]} == {(255, 204, 51, 255)}
    chosen = TUMOUR[planned.steps].reshape(-1, layout.columns)
    assert drawn.any()
    assert not drawn[~chosen].any()
    assert drawn.sum() < chosen.sum()


def test_the_same_image_gives_the_same_bytes() -> None:
    assert plan().picture(HEAD) == plan().picture(HEAD.copy())
    assert patch_picture(HEAD[0, :64, :64]) == patch_picture(HEAD[0, :64, :64].copy())


def test_values_that_are_no_numbers_are_black_and_change_no_others() -> None:
    holed = HEAD.copy()
    holed[30, 45, 40] = np.nan
    planned = plan(through=30)
    before, after = (stacked(planned.picture(image), planned) for image in (HEAD, holed))
    changed = np.argwhere(before.astype(int) - after != 0)
    assert len(changed) < 0.02 * before.size
    assert np.abs(before.astype(int) - after).max(initial=0, where=after > 0) <= 1


def test_an_image_without_contrast_is_drawn() -> None:
    planned = plan()
    assert stacked(planned.picture(np.ones(GRID.shape, dtype=np.float32)), planned).shape[0] == planned.layout.slices


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (1.0, 1.0, 1.2), (0.47, 0.47, 5.0)])
def test_the_slice_of_the_patch_has_one_number_and_position_on_the_page_and_the_sheet(
    spacing: tuple[float, float, float],
) -> None:
    tilted = (0.98, 0.0, 0.199, 0.0, 1.0, 0.0, -0.199, 0.0, 0.98)
    geometry = Geometry(GRID.shape, spacing, (-40.0, -50.0, -20.0), tilted)
    layout = plan_slices(geometry, BRAIN, TUMOUR, THROUGH).layout
    assert layout.grid is not None
    assert (layout.grid.slices, layout.grid.voxel_mm) == (GRID.shape[0], spacing)
    assert layout.grid.lowest + layout.shown * layout.grid.step == THROUGH
    on_the_page = slice_place(THROUGH, layout.grid.slices, layout.z_mm(THROUGH))
    assert on_the_page == slice_place(THROUGH, GRID.shape[0], slice_z_mm(geometry, THROUGH))
    assert on_the_page.startswith("slice 33 of 60, z = ")


def test_a_slice_of_pictures_without_a_grid_has_a_number_only() -> None:
    layout = replace(plan().layout, grid=None)
    assert slice_place(THROUGH, None, layout.z_mm(THROUGH)) == "slice 33"


def test_the_window_is_what_the_picture_shows_black_and_white() -> None:
    planned = plan()
    black, white = planned.window(HEAD)
    brain = HEAD[planned.steps][planned.brain]
    assert (brain < black).mean() == pytest.approx(0.005, abs=0.002)
    assert (brain > white).mean() == pytest.approx(0.005, abs=0.002)
    grey = stacked(planned.picture(HEAD), planned)[planned.brain]
    assert (grey[brain >= white] == 255).all()
    assert (grey[brain <= black] == 0).all()

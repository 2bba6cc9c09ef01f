"""A NIfTI mask is read whatever its layout and type; what is not certainly a tumour's mask is refused by name."""

import warnings
from itertools import permutations

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.nifti import read_nifti, rewrite_nifti
from idh_tasks.imaging.outline.reference import on_grid
from tests.factories import ball, geometry
from tests.outlines import T2_GRID, nifti, rearranged, tumour

TUMOUR = tumour().astype(np.uint8)
RIGHT_ANGLES = np.diag([-1.0, -1.5, 4.0, 1.0])
RIGHT_ANGLES[:3, 3] = (11.0, 14.0, -13.0)
OBLIQUE = np.array([[0.9, -0.3, 0.1], [0.3, 0.9, 0.2], [-0.15, -0.15, 0.97]])


def on_t2(content: bytes) -> Mask:
    return on_grid(read_nifti(content), T2_GRID)


def refusal(content: bytes) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        on_t2(content)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


def reloaded(image: nib.Nifti1Image) -> bytes:
    content: bytes = image.to_bytes()
    return content


@given(st.sampled_from(list(permutations(range(3)))), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_axes_in_any_order_and_direction_give_the_same_tumour(order: tuple[int, ...], flips: tuple[bool, ...]) -> None:
    moved = rearranged(tumour(), T2_GRID, order, flips)
    content = nifti(moved.voxels.astype(np.uint8), moved.geometry)
    np.testing.assert_array_equal(on_t2(content), tumour())
    np.testing.assert_array_equal(on_t2(rewrite_nifti(content)), tumour())


@pytest.mark.parametrize("dtype", [np.int64, np.float64, np.int16, np.uint8])
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_any_data_type_and_byte_order_is_read(dtype: type, endianness: str) -> None:
    np.testing.assert_array_equal(on_t2(nifti(TUMOUR.astype(dtype), T2_GRID, endianness=endianness)), tumour())


def test_the_scale_is_applied() -> None:
    image = nib.Nifti1Image.from_bytes(nifti(TUMOUR * 100 + 50, T2_GRID))
    image.header.set_slope_inter(0.01, -0.5)
    content = bytearray(reloaded(image))
    content[112:120] = np.array([0.01, -0.5], dtype="<f4").tobytes()
    np.testing.assert_array_equal(on_t2(bytes(content)), tumour())


def test_the_parts_of_a_tumour_are_united() -> None:
    labels = TUMOUR * np.array([1, 2, 4], dtype=np.uint8)[np.arange(24) % 3]
    np.testing.assert_array_equal(on_t2(nifti(labels, T2_GRID)), tumour())
    np.testing.assert_array_equal(on_t2(nifti(TUMOUR * 255, T2_GRID)), tumour())


def test_a_probability_counts_from_one_half() -> None:
    edge = ndimage.binary_dilation(tumour(), ndimage.generate_binary_structure(3, 1)) & ~tumour()
    values = np.where(tumour(), 0.5, np.where(edge & (np.indices(edge.shape)[2] > 14), 0.49, 0.01))
    np.testing.assert_array_equal(on_t2(nifti(values.astype(np.float32), T2_GRID)), tumour())


@given(st.floats(1.0, 4.0), st.floats(0.2, 0.45), st.floats(0.5, 1.0))
def test_an_image_that_is_scaled_to_one_is_no_map_of_probabilities(blur: float, tissue: float, top: float) -> None:
    head = ndimage.gaussian_filter(ball((24, 40, 40), 17).astype(np.float32), 1.0) * tissue
    bright = ndimage.gaussian_filter(ball((24, 40, 40), 6).astype(np.float32), blur)
    image = (head + bright / bright.max() * (top - tissue + 0.05)).clip(0, 1)
    assert "is it an image?" in refusal(nifti(image.astype(np.float32), geometry(image.shape)))


@given(st.floats(0.3, 2.0), st.floats(0.0, 0.04))
def test_a_map_of_probabilities_with_a_soft_edge_is_used(blur: float, elsewhere: float) -> None:
    soft = ndimage.gaussian_filter(ball((24, 40, 40), 8).astype(np.float32), blur).clip(elsewhere, 1)
    mask = read_nifti(nifti(soft, geometry(soft.shape))).voxels > 0
    np.testing.assert_array_equal(mask, soft >= 0.5)


def test_a_trailing_axis_of_one_is_allowed_and_a_second_volume_is_not() -> None:
    image = nib.Nifti1Image(TUMOUR.T[..., None], RIGHT_ANGLES)
    np.testing.assert_array_equal(on_t2(reloaded(image)), tumour())
    twice = nib.Nifti1Image(np.stack([TUMOUR.T, TUMOUR.T], axis=3), RIGHT_ANGLES)
    assert "not one three-dimensional volume" in refusal(reloaded(twice))


def rotated(decimals: int) -> np.ndarray:
    left, _, right = np.linalg.svd(OBLIQUE)
    affine = np.eye(4)
    affine[:3, :3] = (left @ right * [1.0, 1.5, 4.0]).round(decimals)
    affine[:3, 3] = (-5.0, -9.0, -13.0)
    return affine


def test_a_rounded_rotation_is_accepted_and_moves_nothing_by_half_a_voxel() -> None:
    rounded = read_nifti(nifti(TUMOUR, T2_GRID, affine=rotated(2), codes=(1, 0))).geometry
    axes = np.array(rounded.direction).reshape(3, 3)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    exact = read_nifti(nifti(TUMOUR, T2_GRID, affine=rotated(12), codes=(1, 0))).geometry
    np.testing.assert_allclose(rounded.centre(), exact.centre(), atol=0.2)


def test_a_sheared_grid_is_refused_with_its_figure() -> None:
    sheared = RIGHT_ANGLES.copy()
    sheared[0, 2] = 1.5
    assert "oblique to one another: at right angles, its corners would move by" in refusal(
        nifti(TUMOUR, T2_GRID, affine=sheared, codes=(1, 0))
    )


def test_a_grid_that_is_stated_in_two_ways_or_not_at_all_is_refused() -> None:
    moved = RIGHT_ANGLES.copy()
    moved[0, 3] += 3
    assert "sform and qform of the mask place it 3.0 mm apart" in refusal(nifti(TUMOUR, T2_GRID, qform=moved))
    assert "does not state where" in refusal(nifti(TUMOUR, T2_GRID, codes=(0, 0)))
    np.testing.assert_array_equal(on_t2(nifti(TUMOUR, T2_GRID, codes=(0, 1))), tumour())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros(T2_GRID.shape), "is empty"),
        (TUMOUR * np.float32(0.4), "is empty"),
        (TUMOUR * np.float32(37.5), "neither labels nor probabilities"),
        (TUMOUR * np.arange(24), "labels up to 19; which of them"),
        (TUMOUR * -1.0, "negative"),
        (np.where(tumour(), np.nan, 0), "not finite"),
    ],
)
def test_values_that_mark_no_tumour_are_refused(values: np.ndarray, reason: str) -> None:
    assert reason in refusal(nifti(values.astype(np.float32), T2_GRID))


def test_broken_files_are_refused() -> None:
    whole = nifti(TUMOUR, T2_GRID)
    for content in (b"nothing", b"\x1f\x8bnothing", whole[:1000], b""):
        assert "damaged" in refusal(content)


@pytest.mark.parametrize("kind", [np.complex64, np.complex128])
def test_complex_values_are_refused_without_a_warning(kind: type) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "complex numbers or colours" in refusal(nifti(tumour().astype(kind), T2_GRID))


def test_colours_are_refused() -> None:
    colours = np.zeros(T2_GRID.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    assert "complex numbers or colours" in refusal(nifti(colours, T2_GRID))

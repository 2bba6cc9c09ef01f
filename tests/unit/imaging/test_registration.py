"""Registration undoes a known displacement, and a poor overlap shows where it cannot."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.domain.volume import Geometry, Volume
from idh_tasks.imaging import pyramid as pyramid_module
from idh_tasks.imaging.itk import axial, from_image, resample, to_image
from idh_tasks.imaging.pyramid import bounded
from idh_tasks.imaging.registration import register
from tests.factories import ball, geometry, head


def displaced(volume: Volume) -> tuple[Volume, sitk.Euler3DTransform]:
    motion = sitk.Euler3DTransform()
    motion.SetRotation(0.05, -0.03, 0.06)
    motion.SetTranslation((4.0, -3.0, 2.0))
    return resample(volume, volume.geometry, motion), motion


def test_a_known_displacement_is_undone_within_a_millimetre() -> None:
    fixed = head()
    moving, motion = displaced(fixed)
    registration = register(fixed, moving)
    for point in ((30.0, 0.0, 0.0), (0.0, 30.0, 0.0), (0.0, 0.0, -30.0)):
        there = motion.TransformPoint(registration.transform.TransformPoint(point))
        assert np.linalg.norm(np.array(there) - point) < 1.0
    assert registration.overlap > 0.9


def test_x05_the_same_input_gives_the_same_transform() -> None:
    fixed = head()
    moving, _ = displaced(fixed)
    first, second = register(fixed, moving), register(fixed, moving)
    assert first.transform.GetParameters() == second.transform.GetParameters()


def test_x02_an_object_of_another_size_than_the_head_has_a_low_overlap() -> None:
    fixed = head()
    small = 500 * ball(fixed.voxels.shape, 9).astype(np.float32)
    assert register(fixed, Volume(small, fixed.geometry)).overlap < 0.7


def orientations() -> list[str]:
    """Return the 48 ways to align the axes of a grid with those of the patient."""
    ends = [("R", "L"), ("A", "P"), ("I", "S")]
    return ["".join(way) for axes in permutations(ends) for way in product(*axes)]


@pytest.mark.parametrize("code", orientations())
def test_x03_each_of_48_orientations_becomes_axial_with_its_marker_in_place(code: str) -> None:
    voxels = np.zeros((10, 12, 14), dtype=np.float32)
    voxels[7, 3, 11] = 1
    original = Volume(voxels, geometry((10, 12, 14)))
    back = axial(from_image(sitk.DICOMOrient(to_image(original), code)))
    np.testing.assert_allclose(marker_mm(back), marker_mm(original))
    np.testing.assert_allclose(np.array(back.geometry.direction).reshape(3, 3), np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(back.voxels, original.voxels)


def marker_mm(volume: Volume) -> np.ndarray:
    """Return the position of the only bright voxel in the patient."""
    z, y, x = np.argwhere(volume.voxels > 0.5)[0]
    return np.array(volume.geometry.origin_mm) + volume.geometry.axes() @ (x, y, z)


def test_only_an_image_of_too_many_voxels_is_brought_to_larger_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Geometry((40, 30, 20), (0.5, 0.5, 1.2), (3.0, -4.0, 5.0))
    x = np.arange(20, dtype=np.float32)[None, None, :] * np.ones(grid.shape, dtype=np.float32)
    image = Volume(x, grid)
    assert bounded(image) is image
    monkeypatch.setattr(pyramid_module, "MOST_VOXELS", x.size - 1)
    small = bounded(image)
    assert (small.geometry.shape, small.geometry.spacing_mm) == ((40, 15, 10), (1.0, 1.0, 1.2))
    assert small.geometry.centre() == pytest.approx(grid.centre())
    assert small.voxels[20, 7, 1:-1] == pytest.approx(np.arange(2.5, 18, 2), abs=0.02), "the mean of two voxels"

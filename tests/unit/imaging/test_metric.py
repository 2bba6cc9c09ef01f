"""A step of the descent moves the head by no more than its length, also where only a rotation is left to correct."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.domain.volume import Volume
from idh_tasks.imaging.even_steps import MovableTransform
from idh_tasks.imaging.itk import to_image
from idh_tasks.imaging.metric import HEAD_RADIUS_MM, Descent, descend
from tests.factories import geometry

SHAPE, STEP_MM = (24, 28, 32), 2.0


def ellipsoid() -> sitk.Image:
    """Return an image that is symmetric about its centre: a rotation about it leaves no shift to correct."""
    z, y, x = (np.linspace(-1, 1, n) for n in SHAPE)
    radius = np.sqrt(z[:, None, None] ** 2 / 0.3 + y[None, :, None] ** 2 / 0.8 + x[None, None, :] ** 2 / 0.4)
    return to_image(Volume(np.exp(-(radius**2)).astype(np.float32), geometry(SHAPE, 4.0)))


def turned(angle: float, transform: MovableTransform) -> MovableTransform:
    """Rotate a transform about the centre of the ellipsoid."""
    rotation = sitk.Euler3DTransform()
    rotation.SetRotation(0.0, 0.0, angle)
    transform.SetCenter(geometry(SHAPE, 4.0).centre().tolist())
    transform.SetMatrix(rotation.GetMatrix())
    return transform


@pytest.mark.parametrize("kind", [sitk.Euler3DTransform, partial(sitk.AffineTransform, 3)], ids=["rigid", "affine"])
def test_a_step_is_no_longer_than_stated(kind: Callable[[], MovableTransform]) -> None:
    image, transform = ellipsoid(), turned(0.1, kind())
    before = np.array(transform.GetParameters())
    descend(image, image, transform, Descent(STEP_MM, 0.01, 1, 20_000))
    change = np.array(transform.GetParameters()) - before
    length = np.linalg.norm([*(change[:-3] * HEAD_RADIUS_MM), *change[-3:]])
    assert length == pytest.approx(STEP_MM)


def test_a_mere_rotation_is_undone() -> None:
    image, transform = ellipsoid(), turned(0.1, sitk.Euler3DTransform())
    descend(image, image, transform, Descent(STEP_MM, 0.01, 60, 20_000))
    assert np.abs(transform.GetParameters()[:3]).max() < 0.01
    assert np.abs(transform.GetParameters()[3:]).max() < 0.2

"""The pair of images itself shows that a registration is wrong: orientation, patient, size, and local optima."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Geometry, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.pyramid import pyramid
from idh_tasks.imaging.registration import Registration, check_registration, register
from idh_tasks.imaging.registration_controls import FLAWLESS, measure_controls
from idh_tasks.phantom.anatomy import GRID, Anatomy, add_tumour, draw_head
from idh_tasks.phantom.signal import Timing, magnitude
from idh_tasks.phantom.tissue import HEALTHY, Biology, Labels, lookup
from idh_tasks.settings import ImagingSettings
from tools.registration_pairs import MOVING, distorted, real, with_marrow

SETTINGS = ImagingSettings()
BIOLOGY = Biology(2.0, 0.6, 1.0, 1050.0, 1450.0, 0.04)
T1, T2 = Timing(600, 10), Timing(5000, 100)
SLICES = Geometry((30, 96, 80), (2.0, 2.0, 5.0), (-79.0, -95.0, -72.5))
"""Two-dimensional slices of 5 mm."""


@cache
def labels(patient: int) -> Labels:
    rng = np.random.default_rng(patient)
    return add_tumour(draw_head(rng), rng).labels


@cache
def image(patient: int, timing: Timing) -> Volume:
    """Return the head of a patient with noise."""
    tissues = BIOLOGY.properties()
    signal = lookup(labels(patient), {tissue: magnitude(tissues[tissue], timing) for tissue in (*HEALTHY, *tissues)})
    noise = np.random.default_rng(patient + round(timing.te)).normal(0, 0.02, GRID.shape)
    return Volume((900 * np.abs(signal + noise)).astype(np.float32), GRID)


def slices(volume: Volume) -> Volume:
    """Acquire a head that has moved in thick slices."""
    motion = sitk.Euler3DTransform()
    motion.SetRotation(0.08, -0.06, 0.1)
    motion.SetTranslation((5.0, -4.0, 6.0))
    return resample(volume, SLICES, motion)


def marrow(patient: int, timing: Timing) -> Volume:
    """Return the head of a patient with fat between the tables of the skull."""
    fatty = with_marrow(Anatomy(labels(patient), GRID)).labels
    signal = lookup(fatty, {tissue: magnitude(BIOLOGY.properties()[tissue], timing) for tissue in BIOLOGY.properties()})
    return Volume((900 * np.abs(signal)).astype(np.float32), GRID)


def verdict(fixed: Volume, moving: Volume) -> Registration:
    registration = register(fixed, moving)
    check_registration(registration, SETTINGS)
    return registration


def flipped(volume: Volume, axes: tuple[int, ...]) -> Volume:
    return Volume(np.ascontiguousarray(np.flip(volume.voxels, axes)), volume.geometry)


def stretched(volume: Volume, factors: tuple[float, float, float]) -> Volume:
    """Return a volume whose header states another spacing."""
    old = volume.geometry
    x, y, z = (spacing * factor for spacing, factor in zip(old.spacing_mm, factors, strict=True))
    left, back, low = (start * factor for start, factor in zip(old.origin_mm, factors, strict=True))
    return Volume(volume.voxels, Geometry(old.shape, (x, y, z), (left, back, low), old.direction))


def slab(volume: Volume) -> Volume:
    """Keep 80 mm of the slices."""
    old = volume.geometry
    return Volume(volume.voxels[7:23], Geometry((16, *old.shape[1:]), old.spacing_mm, (-79.0, -95.0, -37.5)))


def biased(volume: Volume) -> Volume:
    """Return a volume that is half as bright on one side."""
    bias = np.linspace(0.6, 1.2, volume.voxels.shape[2], dtype=np.float32)
    return Volume(np.asarray(volume.voxels * bias, dtype=np.float32), volume.geometry)


def stripped(volume: Volume) -> Volume:
    brain = labels(1) >= 3
    return Volume(np.where(brain, volume.voxels, 0).astype(np.float32), volume.geometry)


@pytest.mark.parametrize(
    "pair",
    [
        lambda: (image(1, T1), slices(image(1, T2))),
        lambda: (image(1, T1), slab(slices(image(1, T2)))),
        lambda: (image(1, T1), biased(slices(image(1, T2)))),
        lambda: (stripped(image(1, T1)), slices(stripped(image(1, T2)))),
        lambda: (marrow(1, T1), slices(marrow(1, T2))),
        lambda: (image(1, T1), distorted(slices(image(1, T2)), 5.0, np.random.default_rng(3))),
    ],
    ids=["thick slices", "slab", "bias field", "skull-stripped", "fatty marrow in the skull", "distorted by 5 mm"],
)
def test_a_right_registration_is_accepted(pair: Callable[[], tuple[Volume, Volume]]) -> None:
    assert verdict(*pair()).controls.resemblance > SETTINGS.resemblance_floor


def unrelated(shape: tuple[int, ...]) -> Float:
    return np.random.default_rng(5).normal(500, 100, shape).astype(np.float32)


@pytest.mark.parametrize(
    "moving",
    [
        lambda: flipped(slices(image(1, T2)), (2,)),
        lambda: flipped(slices(image(1, T2)), (0,)),
        lambda: flipped(slices(image(1, T2)), (1,)),
        lambda: flipped(slices(image(1, T2)), (1, 2)),
        lambda: flipped(slab(slices(image(1, T2))), (2,)),
        lambda: slices(image(2, T2)),
        lambda: stretched(slices(image(1, T2)), (1.0, 1.0, 1.1)),
        lambda: stretched(slices(image(1, T2)), (0.85, 1.0, 1.0)),
        lambda: Volume(unrelated(SLICES.shape), SLICES),
    ],
    ids=[
        "mirrored",
        "upside down",
        "back to front",
        "rotated by 180 degrees",
        "mirrored slab",
        "another patient",
        "slices too far apart",
        "pixels too narrow",
        "noise",
    ],
)
def test_x02_a_wrong_image_is_refused_with_its_figure(moving: Callable[[], Volume]) -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        verdict(image(1, T1), moving())
    assert caught.value.code is Code.E_REG_QC
    assert any(character.isdigit() for character in str(caught.value))


@pytest.mark.parametrize("shift", [(4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (3.0, -3.0, 3.0)])
def test_a_transform_that_missed_the_optimum_is_far_from_a_second_start(shift: tuple[float, float, float]) -> None:
    missed = sitk.Euler3DTransform()
    missed.SetTranslation(shift)
    pairs = pyramid(resample(image(1, T2), SLICES, sitk.Transform()), image(1, T1))
    assert measure_controls(pairs, missed).second_start_mm > SETTINGS.second_start_limit_mm


@pytest.mark.parametrize(
    ("speaks_against", "reason"),
    [
        ({"second_start_mm": 2.6}, "two starts"),
        ({"flip_margin": 0.04}, "flipped"),
        ({"scaling": 0.06, "affine_gain": 0.1}, "size"),
        ({"flip_margin": 0.1, "local_agreement": 0.6, "second_start_mm": 1.8, "scaling": 0.03}, "resemblance"),
    ],
)
def test_one_control_or_all_of_them_together_refuse(speaks_against: dict[str, float], reason: str) -> None:
    with pytest.raises(SeriesRejectedError, match=reason):
        check_registration(Registration(sitk.Transform(), 0.9, 0.8, replace(FLAWLESS, **speaks_against)), SETTINGS)


@pytest.mark.parametrize("harmless", [{"scaling": 0.09}, {"affine_gain": 0.3}, {"local_agreement": 0.0}])
def test_what_distortion_or_noise_alone_causes_does_not_refuse(harmless: dict[str, float]) -> None:
    registration = Registration(sitk.Transform(), 0.9, 0.8, replace(FLAWLESS, **harmless))
    check_registration(registration, SETTINGS)
    assert registration.figures()["resemblance"] < FLAWLESS.resemblance


def test_x05_the_same_pair_gives_the_same_figures() -> None:
    fixed, moving = image(1, T1), slices(image(1, T2))
    assert register(fixed, moving).figures() == register(fixed, moving).figures()


@pytest.mark.real_data
def test_real_heads_fit_their_own_images_and_not_those_of_each_other(real_data: Path) -> None:
    heads = [real(number, 9, real_data / "brats2021") for number in (3, 4)]
    fixed = [head.series[MrSequence.MPRAGE].volume for head in heads]
    for sequence in MOVING:
        verdict(fixed[0], heads[0].series[sequence].volume)
        with pytest.raises(SeriesRejectedError, match=r"limit|needed"):
            verdict(fixed[1], heads[0].series[sequence].volume)

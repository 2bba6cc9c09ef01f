"""Errors in diffusion images: maps among them, b-values that are wrong, and images that do not belong together."""

from collections.abc import Callable

import numpy as np
from pydicom.uid import generate_uid

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float
from tools.planted.case import Case, Kind, Plant
from tools.planted.judges import adc_case
from tools.planted.study import Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
Change = Callable[[Study, list[Series], Rng], list[Series]]
B_VALUES = (0.0, 500.0, 1000.0)
MAP_TYPES = (
    r"DERIVED\PRIMARY\M",
    r"DERIVED\PRIMARY\M\ND",
    r"DERIVED\SECONDARY\M\ND",
    r"DERIVED\SECONDARY",
    r"DERIVED\SECONDARY\COMBINED",
    r"DERIVED\SECONDARY\EADC",
    r"DERIVED\SECONDARY\ADC\ADC\UNSPECIFIED",
    r"DERIVED\PRIMARY\DIFFUSION\EXP\ND",
    r"DERIVED\PRIMARY\DIFFUSION\EXPONENTIAL",
    r"DERIVED\PRIMARY\DIFFUSION\MD",
    r"DERIVED\PRIMARY\DIFFUSION\RD",
    r"DERIVED\PRIMARY\DIFFUSION\AVG_DC",
    r"DERIVED\PRIMARY\DIFFUSION\MK",
    r"DERIVED\PRIMARY\DIFFUSION\FA\ND",
)


def _diffusion(change: Change) -> Plant:
    """Return what changes the volumes of the diffusion series, which are in ascending order of b."""

    def plant(study: Study, rng: Rng) -> Case:
        volumes = [_with_b(_volume(study, index), b_value) for index, b_value in enumerate(B_VALUES)]
        series = [ds for volume in change(study, volumes, rng) for ds in volume]
        for number, ds in enumerate(series, start=1):
            put(ds, InstanceNumber=number)
        return adc_case(study, [series[index] for index in rng.permutation(len(series))])

    return plant


def _volume(study: Study, index: int) -> Series:
    series = study.copies(MrSequence.DWI)
    slices = len(series) // len(B_VALUES)
    return series[index * slices : (index + 1) * slices]


def _with_b(volume: Series, b_value: float) -> Series:
    """State a b-value in the standard element only."""
    for ds in volume:
        for element in [one for one in ds if one.tag.is_private]:
            del ds[element.tag]
        put(ds, DiffusionBValue=b_value)
    return volume


def _another(volume: Series) -> Series:
    for ds in volume:
        put(ds, SOPInstanceUID=generate_uid())
    return volume


def _multiplied(volume: Series, factor: float) -> Series:
    for ds in volume:
        set_pixels(ds, pixels(ds) * factor)
    return volume


def _replaced(volume: Series, images: Float) -> Series:
    for ds, image in zip(volume, images, strict=True):
        set_pixels(ds, image)
    return volume


def derived_map_inside(study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """Store a derived map in the series of the diffusion images, under one of their b-values."""
    adc = study.images.source(MrSequence.ADC).image.voxels
    maps = (adc * rng.uniform(0.2, 1.0), 400 * np.exp(-adc / 1000), np.minimum(adc, 1) * rng.uniform(100, 900))
    derived = _replaced(_another(_volume(study, 0)), maps[int(rng.integers(len(maps)))].astype(np.float32))
    image_type = MAP_TYPES[rng.integers(len(MAP_TYPES))].split("\\")
    for ds in _with_b(derived, float(rng.choice((0.0, 1000.0)))):
        put(ds, ImageType=image_type)
    return [*volumes, derived]


def second_b0_at_another_gain(study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """Acquire b = 0 again with another receiver gain."""
    gain = float(rng.choice((rng.uniform(0.3, 0.7), rng.uniform(1.5, 3.0))))
    return [volumes[0], _multiplied(_with_b(_another(_volume(study, 0)), 0.0), gain), *volumes[1:]]


def b_values_swapped(_study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """Exchange the b-values of b = 0 and a weighted image."""
    other = int(rng.integers(1, 3))
    return [*(_with_b(volumes[0], B_VALUES[other]), _with_b(volumes[other], 0.0)), volumes[3 - other]]


def b_values_negative(_study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """State negative, infinite or undefined b-values."""
    for volume in volumes[int(rng.integers(1, 3)) :]:
        _with_b(volume, float(rng.choice((-1000.0, -1.0, np.nan, np.inf))))
    return volumes


def b_values_counted(_study: Study, volumes: list[Series], _rng: Rng) -> list[Series]:
    """State the number of the b-value instead of its size."""
    return [_with_b(volume, float(index)) for index, volume in enumerate(volumes)]


def b_values_in_another_unit(_study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """State b-values in s/m² or ms/µm²."""
    factor = float(rng.choice((1e6, 1e-3)))
    return [_with_b(volume, b_value * factor) for volume, b_value in zip(volumes, B_VALUES, strict=True)]


def the_same_image_at_every_b(study: Study, volumes: list[Series], _rng: Rng) -> list[Series]:
    """Store the image of b = 0 at every b-value."""
    b0 = np.stack([pixels(ds) for ds in _volume(study, 0)])
    return [_replaced(volume, b0) for volume in volumes]


def each_b_scaled_on_its_own(_study: Study, volumes: list[Series], _rng: Rng) -> list[Series]:
    """Scale the images of each b-value to the same largest value."""
    return [_multiplied(volume, 900.0 / float(np.max([pixels(ds).max() for ds in volume]))) for volume in volumes]


def a_slice_lost_at_one_b(_study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """Lose the signal of some slices at one b-value, by motion."""
    volume, start = volumes[int(rng.integers(1, 3))], int(rng.integers(6, 12))
    for ds in volume[start : start + int(rng.integers(1, 4))]:
        set_pixels(ds, pixels(ds) * rng.uniform(0, 0.15))
    return volumes


def moved_between_b_values(_study: Study, volumes: list[Series], rng: Rng) -> list[Series]:
    """Move the head by 3 to 6 pixels between the b-values."""
    shift, axis = int(rng.integers(3, 7)), int(rng.integers(2))
    for ds in volumes[int(rng.integers(0, 3))]:
        set_pixels(ds, np.roll(pixels(ds), shift, axis))
    return volumes


def _kinds(group: str, changes: tuple[Change, ...]) -> tuple[Kind, ...]:
    return tuple(Kind(group, change.__name__.replace("_", " "), _diffusion(change)) for change in changes)


ORDER = _kinds("order", (derived_map_inside, b_values_swapped, b_values_counted, the_same_image_at_every_b,
                         moved_between_b_values))  # fmt: skip
SCALE = _kinds("scale", (second_b0_at_another_gain, b_values_negative, b_values_in_another_unit,
                         each_b_scaled_on_its_own, a_slice_lost_at_one_b))  # fmt: skip

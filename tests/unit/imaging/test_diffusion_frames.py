"""Of a diffusion series, the acquired images of each b-value are used, and only those whose b-value is certain."""

import struct
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_over_b
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from tests.factories import instance

POSITIONS = [0.0, 5.0, 10.0, 15.0]
ORIGINAL = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
DERIVED = ["DERIVED", "PRIMARY", "DIFFUSION"]
AXES = ([1, 0, 0], [0, 1, 0], [0, 0, 1])


def images(value: float, **overrides: Any) -> list[Dataset]:
    """Return a stack of this signal with some air."""
    pixels = np.full(64, round(value), dtype=np.uint16)
    pixels[:8] = 1
    stack = [instance(ImagePositionPatient=[0, 0, z], PixelData=pixels.tobytes(), **overrides) for z in POSITIONS]
    for ds in stack:
        ds.ImageType = overrides.get("ImageType", ORIGINAL)
    return stack


def signal(b: float, adc: float = 900.0) -> float:
    return 10_000 * float(np.exp(-b * adc * 1e-6))


def weighted(b: float, **overrides: Any) -> list[Dataset]:
    return images(signal(b), DiffusionBValue=b, **overrides)


def fitted_adc(instances: list[Dataset]) -> float:
    """Return the ADC of the two outer b-values in 10⁻⁶ mm²/s."""
    Random(1).shuffle(instances)
    dwi = assemble_over_b(instances)
    first, last = (float(dwi.voxels[step, 1, 4, 4]) for step in (0, -1))
    return 1e6 * float(np.log(first / last)) / (dwi.steps[-1] - dwi.steps[0])


def refusal(instances: list[Dataset]) -> tuple[str, str]:
    with pytest.raises(SeriesRejectedError) as caught:
        assemble_over_b(instances)
    return caught.value.code, caught.value.reason


MAPS = ("ADC", "EXPONENTIAL", "FA", "TENSOR", "ADC_UNSPECIFIED", "CALC_BVALUE")


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize(
    "b", [{}, {"DiffusionBValue": 0.0}, {"DiffusionBValue": 1000.0}], ids=["no b", "b 0", "b 1000"]
)
def test_maps_in_the_series_are_left_out(kind: str, b: dict[str, float]) -> None:
    instances = [*weighted(0), *weighted(1000), *images(900, ImageType=[*DERIVED, kind], **b)]
    assert fitted_adc(instances) == pytest.approx(900, abs=1)


def test_colour_maps_in_the_series_are_left_out() -> None:
    colour = images(900, DiffusionBValue=1000.0, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    assert fitted_adc([*weighted(0), *weighted(1000), *colour]) == pytest.approx(900, abs=1)


@pytest.mark.parametrize("trace", [{"ImageType": [*DERIVED, "TRACEW"]}, {"DiffusionDirectionality": "ISOTROPIC"}])
def test_trace_images_beside_directions_are_left_out_and_alone_are_used(trace: dict[str, Any]) -> None:
    directions = [ds for axis in AXES for ds in weighted(1000, DiffusionGradientOrientation=axis)]
    other = images(5000, DiffusionBValue=1000.0, **trace)
    assert fitted_adc([*weighted(0), *directions, *other]) == pytest.approx(900, abs=1)
    assert fitted_adc([*weighted(0), *weighted(1000, **trace)]) == pytest.approx(900, abs=1)


def test_directions_are_averaged_as_logarithms() -> None:
    """A tract along x: 1700, 300 and 300 have a mean diffusivity of 767."""
    along = [(axis, signal(1000, adc)) for axis, adc in zip(AXES, (1700, 300, 300), strict=True)]
    tract = [
        ds for axis, value in along for ds in images(value, DiffusionBValue=1000.0, DiffusionGradientOrientation=axis)
    ]
    assert fitted_adc([*weighted(0), *tract]) == pytest.approx(766.7, abs=1)


def test_a_slice_that_lacks_a_direction_is_refused_even_if_all_slices_have_as_many() -> None:
    one, two, three = (weighted(1000, DiffusionGradientOrientation=axis) for axis in AXES)
    assert refusal([*weighted(0), *one, *two[1:], *three[:1], *three[2:]])[0] == "E_GEOMETRY_GAP"


def test_acquired_images_without_a_b_value_are_those_of_b_0() -> None:
    assert fitted_adc([*images(signal(0)), *weighted(500), *weighted(1000)]) == pytest.approx(900, abs=1)


def test_images_stated_to_be_without_weighting_are_those_of_b_0() -> None:
    unweighted = images(signal(0), DiffusionDirectionality="NONE", ImageType=[*DERIVED, "NONE"])
    assert fitted_adc([*unweighted, *weighted(1000)]) == pytest.approx(900, abs=1)


UNCERTAIN: dict[str, Callable[[], list[Dataset]]] = {
    "beside b = 0": lambda: [*weighted(0), *weighted(1000), *images(700)],
    "darker than weighted images": lambda: [*images(700), *weighted(500), *weighted(1000)],
    "derived": lambda: [*images(700, ImageType=[*DERIVED, "NONE"]), *weighted(500), *weighted(1000)],
    "b is no number in s/mm²": lambda: [*weighted(0), *images(700, DiffusionBValue=1e9), *weighted(1000)],
    "one b-value": lambda: weighted(1000),
    "no b-value": lambda: images(700),
}


@pytest.mark.parametrize("make", UNCERTAIN.values(), ids=UNCERTAIN.keys())
def test_images_whose_b_value_is_not_certain_are_refused(make: Callable[[], list[Dataset]]) -> None:
    assert refusal(make())[0] == "E_B_VALUES"


def test_b_values_that_differ_by_the_imaging_gradients_are_one() -> None:
    near = [
        ds
        for b, axis in zip((995, 1000, 1005), AXES, strict=True)
        for ds in weighted(b, DiffusionGradientOrientation=axis)
    ]
    dwi = assemble_over_b([*weighted(0), *weighted(50), *near])
    assert dwi.steps == (0.0, 50.0, 1000.0)


def test_b_values_that_differ_between_slices_are_one() -> None:
    per_slice = [ds for k, b in enumerate((996.0, 998.0, 1002.0, 1004.0)) for ds in weighted(b)[k : k + 1]]
    assert fitted_adc([*weighted(0), *per_slice]) == pytest.approx(900, rel=0.01)


PHILIPS = {"Manufacturer": "Philips Medical Systems"}


@pytest.mark.parametrize("creator", [True, False])
@pytest.mark.parametrize("clean", [True, False], ids=["de-identified", "as received"])
def test_b_values_by_philips_are_read_without_vr_and_creator(*, creator: bool, clean: bool) -> None:
    instances = [ds for b in (0.0, 500.0, 1000.0) for ds in images(signal(b), SliceThickness=b, **PHILIPS)]
    for ds in instances:
        value = struct.pack("<f", float(ds.SliceThickness))
        if creator:
            ds.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "UN", value)
        else:
            ds.add_new(0x20011003, "UN", value)
    if clean:
        instances = [deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32)) for ds in instances]
    assert assemble_over_b(instances).steps == (0.0, 500.0, 1000.0)
    assert fitted_adc(instances) == pytest.approx(900, abs=1)

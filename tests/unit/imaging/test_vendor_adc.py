"""A delivered ADC map is brought to 10⁻⁶ mm²/s by its stated unit, else by plausibility, or refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.sequence import Sequence

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.vendor_adc import unit_doubts, vendor_adc
from tests.factories import ball, geometry, stack

SHAPE = (8, 24, 24)
POSITIONS = [2.0 * n for n in range(8)]


def brain(unit: float = 1.0) -> Volume:
    """Return a map with 800 in tissue, 3000 in fluid and noise in the air; `unit` is one 10⁻⁶ mm²/s in the map."""
    voxels = np.random.default_rng(1).uniform(0, 4000, SHAPE)
    voxels[ball(SHAPE, 10)], voxels[ball(SHAPE, 2)] = 800, 3000
    return Volume((voxels * unit).astype(np.float32), geometry(SHAPE))


def real_world(slope: float, unit: str, intercept: float = 0.0) -> Sequence:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator = unit, "UCUM"
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    item.MeasurementUnitsCodeSequence = Sequence([code])
    return Sequence([item])


def tissue(volume: Volume, instances: list[Dataset]) -> float:
    return float(np.median(vendor_adc(volume, instances).voxels[ball(SHAPE, 10)]))


@pytest.mark.parametrize("unit", [1.0, 0.1, 1e-3, 1e-6])
def test_without_a_stated_unit_the_only_plausible_usual_one_is_taken(unit: float) -> None:
    assert tissue(brain(unit), stack(POSITIONS)) == pytest.approx(800, rel=1e-4)


@pytest.mark.parametrize(
    ("unit", "attributes"),
    [
        (1.0, {"RescaleType": "10^-6 mm2/s"}),
        (1e-3, {"RescaleType": "x10-3 mm2/s"}),
        (1e-6, {"RealWorldValueMappingSequence": real_world(1, "mm2/s")}),
        (0.02, {"RealWorldValueMappingSequence": real_world(50, "um2/s")}),
        (2.0, {"RescaleSlope": 4, "RealWorldValueMappingSequence": real_world(2e-6, "mm2/s")}),
    ],
)
def test_a_stated_unit_is_used(unit: float, attributes: dict[str, Any]) -> None:
    assert tissue(brain(unit), stack(POSITIONS, **attributes)) == pytest.approx(800, rel=1e-4)


def lookup_table() -> Sequence:
    mapping = real_world(1, "um2/s")
    del mapping[0].RealWorldValueSlope
    mapping[0].RealWorldValueLUTData = [0.0, 1.0]
    return mapping


@pytest.mark.parametrize("mapping", [real_world(1, "%"), real_world(1, "ms"), lookup_table()], ids=["%", "ms", "table"])
def test_a_real_world_value_that_is_not_understood_is_refused(mapping: Sequence) -> None:
    with pytest.raises(SeriesRejectedError, match=r"E_ADC_UNIT.*not understood"):
        vendor_adc(brain(), stack(POSITIONS, RealWorldValueMappingSequence=mapping))


@pytest.mark.parametrize("unit", ["1", "no units", ""])
def test_a_real_world_value_without_a_unit_states_nothing(unit: str) -> None:
    instances = stack(POSITIONS, RealWorldValueMappingSequence=real_world(0.5, unit))
    assert tissue(brain(), instances) == pytest.approx(800, rel=1e-4)
    assert unit_doubts(with_fluid(1.0), instances)[0] == ()
    assert unit_doubts(with_fluid(0.7), instances)[0] == (Code.W_ADC_UNIT,)


def test_real_world_values_start_from_the_stored_ones() -> None:
    rescaled = Volume(brain().voxels * 2 - 100, geometry(SHAPE))
    stated = {"RescaleSlope": 2, "RescaleIntercept": -100, "RealWorldValueMappingSequence": real_world(1, "um2/s")}
    np.testing.assert_allclose(vendor_adc(rescaled, stack(POSITIONS, **stated)).voxels, brain().voxels, atol=1e-2)


@settings(max_examples=40)
@given(power=st.floats(-8, 4))
def test_any_unit_gives_a_plausible_adc_or_is_refused(power: float) -> None:
    unit = 10**power
    expected = [factor * unit * 800 for factor in (1, 10, 1e3, 1e6) if 401 <= factor * unit * 800 <= 2499]
    if expected:
        assert tissue(brain(unit), stack(POSITIONS)) == pytest.approx(expected[0], rel=1e-3)
    elif not any(399 <= factor * unit * 800 <= 2501 for factor in (1, 10, 1e3, 1e6)):
        with pytest.raises(SeriesRejectedError, match="E_ADC_UNIT"):
            vendor_adc(brain(unit), stack(POSITIONS))


@pytest.mark.parametrize(
    ("unit", "attributes"),
    [
        (0.01, {}),
        (0.1, {"BitsStored": 8}),
        (1.0, {"RescaleType": "mm2/s"}),
        (1.0, {"RescaleType": "10^-6 mm2/s", "RealWorldValueMappingSequence": real_world(2, "um2/s")}),
    ],
)
def test_an_implausible_or_contradictory_unit_is_refused(unit: float, attributes: dict[str, Any]) -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        vendor_adc(brain(unit), stack(POSITIONS, **attributes))
    assert caught.value.code is Code.E_ADC_UNIT


def test_a_unit_that_only_some_images_state_is_refused() -> None:
    instances = stack(POSITIONS)
    instances[3].RescaleType = "um2/s"
    with pytest.raises(SeriesRejectedError) as caught:
        vendor_adc(brain(), instances)
    assert caught.value.code is Code.E_ADC_UNIT


def with_fluid(scale: float) -> Volume:
    """Return a delivered map with ventricles, of which the scale was changed."""
    fluid = ball(SHAPE, 3)
    voxels = np.where(ball(SHAPE, 10), 800.0, 0.0)
    voxels[fluid] = 3000
    return Volume((voxels * scale).astype(np.float32), geometry(SHAPE))


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.15])
def test_brain_and_fluid_confirm_an_assumed_unit(scale: float) -> None:
    assert unit_doubts(with_fluid(scale), stack(POSITIONS))[0] == ()


@pytest.mark.parametrize("scale", [0.68, 0.7, 0.75, 1.5])
def test_a_scale_that_brain_or_fluid_contradict_is_flagged(scale: float) -> None:
    flags, figures = unit_doubts(with_fluid(scale), stack(POSITIONS))
    assert flags == (Code.W_ADC_UNIT,)
    assert figures == pytest.approx({"adc_of_brain": 800 * scale, "adc_of_fluid": 3000 * scale}, rel=1e-3)


@pytest.mark.parametrize("scale", [0.5, 0.6, 0.65])
def test_a_scale_at_which_no_tissue_lives_is_refused(scale: float) -> None:
    with pytest.raises(SeriesRejectedError, match="E_ADC_UNIT"):
        unit_doubts(with_fluid(scale), stack(POSITIONS))


def test_a_map_without_fluid_is_flagged_unless_its_unit_is_stated() -> None:
    flat = Volume(np.where(ball(SHAPE, 10), 900, 0).astype(np.float32), geometry(SHAPE))
    assert unit_doubts(flat, stack(POSITIONS))[0] == (Code.W_ADC_UNIT,)
    assert unit_doubts(flat, stack(POSITIONS, RescaleType="um2/s"))[0] == ()

"""A unit of diffusivity is understood as a whole or not at all."""

import pytest

from idh_tasks.dicom.diffusivity import unit_factor


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("mm2/s", 1e6),
        ("mm²/s", 1e6),
        ("mm^2/s", 1e6),
        ("mm2 s-1", 1e6),
        ("um2/s", 1),
        ("µm2/s", 1),
        ("um2/ms", 1e3),
        ("10*-6.mm2/s", 1),
        ("10-6.mm2/s", 1),
        ("10^-6 mm^2/s", 1),
        ("x10⁻³ mm²/s", 1e3),
        ("10-5 mm2/sec", 10),
        ("1e-6 mm2/s", 1),
        ("m2/s", 1e12),
        ("cm2/s", 1e8),
    ],
)
def test_the_factor_brings_a_value_to_millionths_of_mm2_per_s(text: str, factor: float) -> None:
    assert unit_factor(text) == pytest.approx(factor)


@pytest.mark.parametrize("text", ["", "US", "HU", "normalized", "mm2", "mm2.s", "mm/s", "10e-6 mm2/s", "ADC (mm2/s)?"])
def test_anything_else_is_no_unit_of_diffusivity(text: str) -> None:
    assert unit_factor(text) is None

"""The gradient direction is read wherever a vendor writes it, and only where there is one."""

from typing import Any

import pytest
from pydicom import Dataset

from idh_tasks.dicom.gradient import gradient
from tests.factories import instance

PRIVATE: dict[str, tuple[int, str, dict[int, Any]]] = {
    "Siemens": (0x0019, "SIEMENS MR HEADER", {0x0E: [0.6, 0.0, 0.8]}),
    "GE": (0x0019, "GEMS_ACQU_01", {0xBB: "0.6", 0xBC: "0", 0xBD: "0.8"}),
    "Philips": (0x2005, "Philips MR Imaging DD 001", {0xB0: 0.6, 0xB1: 0.0, 0xB2: 0.8}),
    "UIH": (0x0065, "Image Private Header", {0x37: [0.6, 0.0, 0.8]}),
}


def private(vendor: str) -> Dataset:
    group, creator, elements = PRIVATE[vendor]
    ds = instance()
    block = ds.private_block(group, creator, create=True)
    for element, value in elements.items():
        block.add_new(element, "DS" if isinstance(value, str) else "FD", value)
    return ds


@pytest.mark.parametrize("vendor", PRIVATE)
def test_the_direction_is_read_from_the_private_elements_of_each_vendor(vendor: str) -> None:
    assert gradient(private(vendor)) == pytest.approx((0.6, 0.0, 0.8))


def test_the_standard_element_comes_first_and_is_scaled_to_a_unit_vector() -> None:
    ds = private("GE")
    ds.DiffusionGradientOrientation = [0.0, 2.0, 0.0]
    assert gradient(ds) == (0, 1, 0)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"DiffusionGradientOrientation": [0.0, 0.0, 0.0]},
        {"DiffusionGradientOrientation": [float("nan"), 0.0, 1.0]},
        {"DiffusionGradientOrientation": [1.0, 0.0, 0.0], "DiffusionDirectionality": "ISOTROPIC"},
        {"DiffusionGradientOrientation": [1.0, 0.0]},
    ],
)
def test_without_a_single_direction_there_is_none(attributes: dict[str, Any]) -> None:
    assert gradient(instance(**attributes)) is None

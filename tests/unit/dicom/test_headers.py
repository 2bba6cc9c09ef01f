"""A header without pixels names a series as the whole instance does."""

from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from idh_tasks.dicom.headers import BULKY_BYTES, Headers
from idh_tasks.intake.naming.series import name_series
from idh_tasks.intake.naming.slice_groups import is_empty
from tests.factories import dicom_bytes, instance, stack


def read(ds: Dataset) -> Dataset:
    return dcmread(BytesIO(dicom_bytes(ds)))


def header(ds: Dataset) -> Dataset:
    return Headers().without_pixels(read(ds))


def test_a_series_gets_the_same_name_and_geometry() -> None:
    series, headers = stack([0.0, 5.0, 10.0], SeriesDescription="t1_se_tra"), Headers()
    [whole] = name_series([read(ds) for ds in series])
    [named] = name_series([headers.without_pixels(read(ds)) for ds in series])
    assert (named.identification, named.fault, named.slice_geometry) == (
        whole.identification,
        whole.fault,
        whole.slice_geometry,
    )


@pytest.mark.parametrize("changed", [None, 0, 63])
@pytest.mark.parametrize("bits", [8, 16])
def test_whether_an_image_is_constant_is_still_known(changed: int | None, bits: int) -> None:
    pixels = np.full(64, 7, dtype=f"<u{bits // 8}")
    if changed is not None:
        pixels[changed] = 9
    ds = instance(PixelData=pixels.tobytes(), BitsAllocated=bits)
    assert is_empty([header(ds)]) == is_empty([read(ds)]) == (changed is None)


def test_large_values_are_left_out_unless_they_are_read() -> None:
    ds = instance()
    for group, element in ((0x0029, 0x10), (0x0029, 0x20), (0x0051, 0x10)):
        ds.private_block(group, "SIEMENS CSA HEADER", create=True).add_new(element, "OB", bytes(2 * BULKY_BYTES))
    tags = {(tag.group, tag.element) for tag in header(ds).keys()}  # noqa: SIM118 - a data set yields elements
    assert {(0x0029, 0x1010)} <= tags
    assert tags.isdisjoint({(0x0029, 0x1020), (0x0051, 0x1010)})


def test_instances_share_equal_elements() -> None:
    headers = Headers()
    first, second = (headers.without_pixels(read(ds)) for ds in stack([0.0, 5.0]))
    shared = [tag for tag in first.keys() if first.get_item(tag) is second.get_item(tag)]  # noqa: SIM118
    assert len(shared) > len(first) / 2
    assert first.ImagePositionPatient != second.ImagePositionPatient

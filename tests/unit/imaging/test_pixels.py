"""Pixels are measured values: rescaled, without padding; anything else is refused by a code."""

from typing import Any

import numpy as np
import pytest

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_volume
from idh_tasks.imaging.pixels import read_pixels
from tests.factories import instance, stack

PADDED = np.array([[-2000] * 4 + [300, 400, 500, 600]] * 8, dtype=np.int16)


def padded(pixels: np.ndarray = PADDED, **overrides: Any) -> np.ndarray:
    signed = int(pixels.dtype.kind == "i")
    return read_pixels(instance(PixelData=pixels.tobytes(), PixelRepresentation=signed, **overrides))


@pytest.mark.parametrize("value", [-2000, 63536], ids=["signed", "as if unsigned"])
def test_padding_becomes_background(value: int) -> None:
    ds = instance(PixelData=PADDED.tobytes(), PixelRepresentation=1)
    ds.add_new("PixelPaddingValue", "SS" if value < 0 else "US", value)
    assert read_pixels(ds)[0].tolist() == [0, 0, 0, 0, 300, 400, 500, 600]


def test_padding_may_be_a_range_and_is_found_before_rescaling() -> None:
    pixels = PADDED.copy()
    pixels[:, :2] = -1500
    values = padded(pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1000, RescaleSlope=2, RescaleIntercept=-10)
    assert values[0].tolist() == [0, 0, 0, 0, 590, 790, 990, 1190]


def test_padding_takes_the_lowest_value_where_values_are_negative() -> None:
    pixels = PADDED.copy()
    pixels[0, 4] = -50
    assert padded(pixels, PixelPaddingValue=-2000)[:, 0].tolist() == [-50] * 8


def test_an_image_of_padding_alone_is_background() -> None:
    assert not padded(np.full((8, 8), 7, dtype=np.int16), PixelPaddingValue=7).any()


def test_without_a_padding_value_nothing_is_padding() -> None:
    assert padded()[0, 0] == -2000


NO_VALUES: dict[str, dict[str, Any]] = {
    "colour": {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PixelData": b"\1\2\3" * 128},
    "YBR": {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL", "PixelData": b"\1\2\3" * 128},
    "palette": {"PhotometricInterpretation": "PALETTE COLOR"},
    "inverted": {"PhotometricInterpretation": "MONOCHROME1"},
}


@pytest.mark.parametrize("header", NO_VALUES.values(), ids=NO_VALUES.keys())
def test_colour_palette_and_inverted_images_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(SeriesRejectedError, match="E_PHOTOMETRIC"):
        assemble_volume(stack([0.0, 5.0, 10.0, 15.0], **header))


UNREADABLE: dict[str, dict[str, Any]] = {
    "high bit": {"BitsStored": 12, "HighBit": 15},
    "several frames": {"NumberOfFrames": 2, "PixelData": bytes(range(128)) * 2},
    "too few pixels": {"PixelData": b"\1\2"},
    "no pixels": {"PixelData": b""},
}


@pytest.mark.parametrize("header", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_pixels_that_are_not_one_image_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(SeriesRejectedError, match="E_DECODE"):
        assemble_volume(stack([0.0, 5.0, 10.0, 15.0], **header))


def test_signed_pixels_of_twelve_bits_keep_their_sign() -> None:
    pixels = np.arange(-32, 32, dtype=np.int16).reshape(8, 8)
    assert np.array_equal(padded(pixels, BitsStored=12, HighBit=11), pixels)

"""Packed instances: every byte of the file is restored, and none is returned that was not packed."""

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.intake.transport.packing import HEAD, SEAL, NotPackedError, Packing
from tests.factories import dicom_bytes, instance

RNG = np.random.default_rng(1)


def image(values: np.ndarray, **overrides: Any) -> bytes:
    """Return a file with these values of (frames, rows, columns)."""
    frames, rows, columns = values.shape
    number = {"NumberOfFrames": frames} if frames > 1 else {}
    return dicom_bytes(instance(Rows=rows, Columns=columns, PixelData=values.tobytes(), **number, **overrides))


def noisy(shape: tuple[int, ...], dtype: type[np.generic] = np.uint16) -> np.ndarray:
    rows, columns = np.indices(shape[-2:])
    return (1000 + 5 * rows - 3 * columns + RNG.normal(0, 5, shape)).astype(dtype)


CONTENT = image(noisy((2, 16, 16)))
PACKED = Packing().pack(CONTENT) or b""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(image(noisy((1, 64, 48))), id="one frame"),
        pytest.param(image(noisy((5, 64, 48))), id="five frames"),
        pytest.param(image(noisy((1, 64, 48), np.int16) - 1000, PixelRepresentation=1), id="signed"),
        pytest.param(image(np.full((1, 32, 32), 7, np.uint16)), id="constant"),
        pytest.param(image(np.zeros((1, 32, 32), np.uint16)), id="zeros"),
        pytest.param(image(RNG.integers(0, 2**16, (1, 64, 64), dtype=np.uint16)), id="all 16 bits"),
        pytest.param(
            image(noisy((1, 64, 48))) + b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0", id="padding after the pixels"
        ),
    ],
)
def test_every_byte_is_restored(content: bytes) -> None:
    packed = Packing().pack(content)
    assert packed is not None
    assert Packing().unpack(packed) == content
    assert Packing().pack(content) == packed


def test_an_image_takes_less_than_half() -> None:
    content = image(noisy((1, 128, 128)))
    assert len(Packing().pack(content) or content) < 0.45 * len(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(dicom_bytes(instance(BitsAllocated=8, PixelData=bytes(64))), id="8 bits"),
        pytest.param(dicom_bytes(instance(Rows=9)), id="fewer pixels than stated"),
        pytest.param(dicom_bytes(instance(Rows=0)), id="no rows"),
        pytest.param(dicom_bytes(instance(NumberOfFrames=2**30)), id="more frames than can be"),
        pytest.param(dicom_bytes(instance(SamplesPerPixel=3)), id="colour"),
        pytest.param(image(RNG.integers(0, 2**16, (1, 1, 2), dtype=np.uint16)), id="two pixels"),
    ],
)
def test_what_cannot_be_packed_is_left_alone(content: bytes) -> None:
    packed = Packing().pack(content)
    assert packed is None or Packing().unpack(packed) == content


@given(st.integers(0, 2**16 - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, change: int) -> None:
    packed = bytearray(PACKED)
    packed[position % len(packed)] ^= change
    with pytest.raises(NotPackedError):
        Packing().unpack(bytes(packed))


def test_missing_bytes_are_noticed() -> None:
    for size in range(len(PACKED)):
        with pytest.raises(NotPackedError):
            Packing().unpack(PACKED[:size])


def test_a_codestream_that_states_a_huge_image_is_refused_before_it_is_decoded() -> None:
    body = bytearray(PACKED[SEAL.size :])
    at = body.index(b"\xff\xf7") + 5
    body[at : at + 4] = struct.pack(">HH", 65535, 65535)
    with pytest.raises(NotPackedError):
        Packing().unpack(SEAL.pack(zlib.crc32(body)) + body)


@pytest.mark.parametrize("content", [b"", b"\0" * (SEAL.size + HEAD.size), b"\xff" * 100])
def test_what_was_not_packed_is_refused(content: bytes) -> None:
    with pytest.raises(NotPackedError):
        Packing().unpack(content)


def test_the_first_instance_is_the_dictionary_of_the_others() -> None:
    contents = [image(noisy((1, 16, 16)), InstanceNumber=number, StudyDescription="head " * 50) for number in range(4)]
    packing, unpacking = Packing(), Packing()
    packed = [packing.pack(content) or b"" for content in contents]
    assert [unpacking.unpack(one) for one in packed] == contents
    assert max(map(len, packed[1:])) < len(packed[0]) - 200
    with pytest.raises(NotPackedError):
        Packing().unpack(packed[1])

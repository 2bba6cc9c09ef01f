"""Instances as the platform stores them: pixels as JPEG-LS, the rest deflated, and every byte of the file restored.

A packed instance is a head, the deflated bytes around the pixels, and one JPEG-LS codestream per frame.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom import dcmread

from idh_tasks.intake.gate.accepted import MAX_BYTES

SEAL, HEAD, LENGTH = struct.Struct("<I"), struct.Struct("<IIIIHI"), struct.Struct("<I")
"""CRC-32 of what follows; CRC-32 and size of the file, start of its pixels, deflated size of the rest, offset, frames.

Frames follow, each after its length.
"""
PIXELS = b"\xe0\x7f\x10\x00OW\0\0"
"""Tag and VR of Pixel Data, in explicit VR little endian."""
SIGNED = 0x8000
"""Added to signed values modulo 2¹⁶, so that −1 and 0 are neighbours."""
MIN_BITS = 9
"""With fewer, the codec takes one byte per value."""
MAX_FILE_BYTES = 2 * MAX_BYTES
"""More than any header and pixels that the gate accepts."""


class NotPackedError(ValueError):
    """The content is not a packed instance, or a damaged one."""


@dataclass(frozen=True)
class _Pixels:
    """Where the pixels of a file are, and the shape of its frames."""

    start: int
    frames: int
    rows: int
    columns: int
    offset: int

    @property
    def end(self) -> int:
        return self.start + 2 * self.frames * self.rows * self.columns


class Packing:
    """Packs the instances of one series, or unpacks them in the same order.

    What surrounds the pixels is much the same in all of them, so the first one is the dictionary of the others.
    """

    def __init__(self) -> None:
        self._first = b""

    def pack(self, content: bytes) -> bytes | None:
        """Return a file without loss in a third of its size; None if it has no uncompressed values of 16 bits.

        The first one is unpacked again: how the pixels lie in the files is the same for all of a series, and what a
        codec may do to a single one, the reader notices.
        """
        pixels = _find_pixels(content)
        if pixels is None:
            return None
        around = content[: pixels.start] + content[pixels.end :]
        try:
            packed = _packed(content, pixels, _deflated(around, self._first))
        except (RuntimeError, ValueError):  # the codec refuses some images of few pixels
            return None
        if not self._first:
            if Packing().unpack(packed) != content:
                return None
            self._first = around
        return packed

    def unpack(self, packed: bytes) -> bytes:
        """Return the file that was packed.

        Raises
        ------
        NotPackedError
            If the bytes are damaged, or would unpack to more than an instance may hold.
        """
        body = _unsealed(packed)  # first: the codec never ends on some damaged streams
        try:
            crc, size, start, length, offset, frames = HEAD.unpack_from(body)
            around = _inflated(body[HEAD.size : HEAD.size + length], size, self._first)
            streams = _streams(body[HEAD.size + length :], frames)
            content = b"".join((around[:start], *_decoded(streams, offset, size - len(around)), around[start:]))
        except (struct.error, zlib.error, RuntimeError) as error:
            raise NotPackedError from error
        if zlib.crc32(content) != crc:
            raise NotPackedError
        self._first = self._first or around
        return content


def _find_pixels(content: bytes) -> _Pixels | None:
    ds = dcmread(BytesIO(content), stop_before_pixels=True)
    rows, columns, frames = (int(ds.get(name) or 0) for name in ("Rows", "Columns", "NumberOfFrames"))
    if ds.get("BitsAllocated") != 16 or ds.get("SamplesPerPixel") != 1 or not rows * columns:
        return None
    offset = SIGNED if ds.get("PixelRepresentation") == 1 else 0
    frames = max(frames, 1)
    at = content.rfind(PIXELS + LENGTH.pack(min(2 * frames * rows * columns, 2**32 - 1)))
    pixels = _Pixels(at + len(PIXELS) + LENGTH.size, frames, rows, columns, offset)
    return pixels if at >= 0 and pixels.end <= len(content) else None


def _packed(content: bytes, pixels: _Pixels, around: bytes) -> bytes:
    head = HEAD.pack(zlib.crc32(content), len(content), pixels.start, len(around), pixels.offset, pixels.frames)
    frames = (LENGTH.pack(len(frame)) + frame for frame in _encoded(content, pixels))
    return _sealed(b"".join((head, around, *frames)))


def _sealed(body: bytes) -> bytes:
    return SEAL.pack(zlib.crc32(body)) + body


def _unsealed(packed: bytes) -> bytes:
    body = packed[SEAL.size :]
    if packed != _sealed(body):
        raise NotPackedError
    return body


def _encoded(content: bytes, pixels: _Pixels) -> Iterator[bytes]:
    from jpeg_ls import encode_buffer

    shape = pixels.frames, pixels.rows * pixels.columns
    values = np.frombuffer(content, "<u2", count=shape[0] * shape[1], offset=pixels.start).reshape(shape)
    for frame in values:
        shifted = frame + np.uint16(pixels.offset)
        bits = max(int(shifted.max()).bit_length(), MIN_BITS)
        yield bytes(encode_buffer(shifted.astype("<u2").tobytes(), pixels.rows, pixels.columns, 1, bits))


def _streams(packed: bytes, frames: int) -> Iterator[bytes]:
    at = 0
    for _ in range(frames):
        (size,) = LENGTH.unpack_from(packed, at)
        at += LENGTH.size + size
        yield packed[at - size : at]


def _decoded(streams: Iterator[bytes], offset: int, left: int) -> Iterator[bytes]:
    from jpeg_ls import decode_buffer

    for stream in streams:
        left -= _stated_bytes(stream)
        if left < 0:
            raise NotPackedError
        values = np.frombuffer(decode_buffer(stream)[0], "<u2")
        yield (values - np.uint16(offset)).astype("<u2").tobytes()


def _stated_bytes(stream: bytes) -> int:
    """Return the size to which a codestream will unpack: it is in its header."""
    from _CharLS import read_header

    header = read_header(stream)
    return int(header["height"]) * int(header["width"]) * int(header["components"]) * 2


def _deflated(content: bytes, dictionary: bytes) -> bytes:
    deflater = zlib.compressobj(zdict=dictionary)
    return deflater.compress(content) + deflater.flush()


def _inflated(deflated: bytes, size: int, dictionary: bytes) -> bytes:
    if not 0 < size <= MAX_FILE_BYTES:
        raise NotPackedError
    inflater = zlib.decompressobj(zdict=dictionary)
    content = inflater.decompress(deflated, size)
    if not inflater.eof:
        raise NotPackedError
    return content

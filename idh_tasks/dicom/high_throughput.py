"""Registers a decoder of High-Throughput JPEG 2000 with pydicom, which has none without a further library.

GDCM contains OpenJPEG, which decodes it since version 2.5, but pydicom does not ask GDCM for these transfer syntaxes.
"""

from functools import cache

from pydicom.pixels.decoders import gdcm as by_gdcm
from pydicom.pixels.decoders.base import HTJ2KDecoder, HTJ2KLosslessDecoder, HTJ2KLosslessRPCLDecoder

DECODERS = (HTJ2KLosslessDecoder, HTJ2KLosslessRPCLDecoder, HTJ2KDecoder)
DECODER_DEPENDENCIES = {decoder.UID: ("gdcm>=3.2",) for decoder in DECODERS}
"""What pydicom requires of a module with a decoder."""
decode_frame = by_gdcm._decode_frame


def is_available(uid: str) -> bool:
    """Return whether GDCM can decode a transfer syntax: part of what pydicom requires of a module with a decoder."""
    return uid in DECODER_DEPENDENCIES and by_gdcm.HAVE_GDCM and by_gdcm.GDCM_VERSION >= (3, 2)


@cache
def register_decoders() -> None:
    """Let `pixel_array` decode High-Throughput JPEG 2000 in this process; once is enough."""
    for decoder in DECODERS:
        if "gdcm" not in decoder.available_plugins:
            decoder.add_plugin("gdcm", (__name__, "decode_frame"))

"""Copies the pixels of an image without an overlay that may be hidden in their unused bits."""

import numpy as np
from pydicom import Dataset

from idh_tasks.dicom.elements import raw_element

PIXEL_DATA = 0x7FE00010
OVERLAY_BIT_POSITION = 0x0102


def copy_pixels(ds: Dataset, out: Dataset) -> None:
    """Copy the pixels; bits above the stored ones are cleared where an overlay lies in them (PS3.3 C.9.2, retired)."""
    if PIXEL_DATA not in ds:
        return
    pixels, compressed = ds[PIXEL_DATA].value, ds.file_meta.TransferSyntaxUID.is_compressed
    if _has_overlay_in_pixels(ds) and ds.get("BitsAllocated") == 16 and not compressed:
        pixels = (np.frombuffer(pixels, dtype="<u2") & np.uint16((1 << ds.BitsStored) - 1)).tobytes()
    words = not compressed and ds.get("BitsAllocated", 8) > 8
    out[PIXEL_DATA] = raw_element(PIXEL_DATA, "OW" if words else "OB", pixels, undefined_length=compressed)


def _has_overlay_in_pixels(ds: Dataset) -> bool:
    overlays = [tag for tag in list(ds.keys()) if 0x6000 <= tag >> 16 <= 0x60FF]
    return any(ds[tag].value for tag in overlays if tag & 0xFFFF == OVERLAY_BIT_POSITION)

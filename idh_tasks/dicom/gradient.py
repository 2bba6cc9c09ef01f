"""The direction of the diffusion gradient of an image, from the standard element or from the vendor's own."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from pydicom import Dataset

Gradient = tuple[float, float, float]

PRIVATE = (
    (0x0019, "SIEMENS MR HEADER", (0x0E,)),
    (0x0019, "GEMS_ACQU_01", (0xBB, 0xBC, 0xBD)),
    (0x2005, "Philips MR Imaging DD 001", (0xB0, 0xB1, 0xB2)),
    (0x0065, "Image Private Header", (0x37,)),
)
"""Group, creator and elements; the axes differ between vendors, but are orthogonal and the same in a series."""


def gradient(ds: Dataset) -> Gradient | None:
    """Return the direction of the diffusion gradient as a unit vector in axes that are common to the series.

    Returns
    -------
    tuple or None
        ``None`` without a single direction: b = 0, trace images (PS3.3 C.8.13.5.9), or no direction stated.
    """
    if str(ds.get("DiffusionDirectionality") or "DIRECTIONAL") != "DIRECTIONAL":
        return None
    stated = ds.get("DiffusionGradientOrientation")
    candidates = [stated] if stated is not None else (_private(ds, *place) for place in PRIVATE)
    return next((unit for values in candidates if (unit := unit_vector(values)) is not None), None)


def _private(ds: Dataset, group: int, creator: str, elements: Iterable[int]) -> list[Any]:
    try:
        block = ds.private_block(group, creator)
        values = [block[element].value for element in elements]
    except KeyError:
        return []
    return list(values[0]) if len(values) == 1 and hasattr(values[0], "__iter__") else values


def unit_vector(values: Any) -> Gradient | None:
    """Return three numbers as a unit vector; ``None`` if they are something else or all zero."""
    try:
        vector = np.array([float(value) for value in values])
    except (TypeError, ValueError):
        return None
    length = float(np.linalg.norm(vector))
    if len(vector) != 3 or not np.isfinite(length) or length == 0:
        return None
    x, y, z = (vector / length).tolist()
    return x, y, z

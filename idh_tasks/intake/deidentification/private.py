"""Keeps the numbers of private elements that are safe and needed (PS3.15 E.3.10)."""

from math import isfinite
from typing import Any

from pydicom import Dataset
from pydicom.dataset import PrivateBlock

from idh_tasks.dicom.dialect import COMPONENTS, b_value, component
from idh_tasks.dicom.mosaic import is_mosaic, slice_normal, write_slice_normal
from idh_tasks.intake.deidentification.profile import safe_private


def copy_safe_private(ds: Dataset, out: Dataset) -> None:
    """Copy the private numbers of the safe list; values that are no finite numbers are not."""
    for group in {tag.group for tag in list(ds.keys()) if tag.is_private}:
        for creator in filter(_is_text, ds.private_creators(group)):
            for offset in safe_private().get((creator.upper(), group), ()):
                _copy_numbers(ds.private_block(group, creator), offset, out)


def _is_text(creator: object) -> bool:
    """Return whether a private creator is one text; a damaged header may hold anything."""
    return isinstance(creator, str)


def move_needed_values(ds: Dataset, out: Dataset) -> None:
    """Move b-value and component to their standard elements, the slice normal of a mosaic to our private element."""
    value = b_value(ds)
    if value is not None:
        out.DiffusionBValue = value
    if (part := component(ds)) in COMPONENTS.values():
        out.ComplexImageComponent = part
    normal = slice_normal(ds) if is_mosaic(ds) else None
    if normal is not None:
        write_slice_normal(normal, out)


def _copy_numbers(block: PrivateBlock, offset: int, out: Dataset) -> None:
    try:
        numbers = [float(part) for part in _parts(block[offset].value)]
    except (KeyError, ValueError, TypeError, NotImplementedError):
        return
    if not all(map(isfinite, numbers)):
        return
    copied = out.private_block(block.group, block.private_creator, create=True)
    copied.add_new(offset, "DS", [f"{number:.10g}" for number in numbers])


def _parts(value: Any) -> list[Any]:
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if isinstance(value, str):
        return list(value.strip("\0 ").split("\\"))
    return list(value) if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") else [value]

"""Chooses the images of a diffusion series that an ADC can be fitted to, and groups them by b-value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.dialect import b_value
from idh_tasks.dicom.diffusion_image import measured_images
from idh_tasks.dicom.gradient import gradient
from idh_tasks.dicom.image_kind import is_combined, is_trace, type_values
from idh_tasks.errors import SeriesRejectedError

B_TOLERANCE, B_TOLERANCE_S_MM2 = 0.02, 1.0
"""b-values closer than this are the same nominal one, with the contribution of the imaging gradients."""


@dataclass(frozen=True)
class Shell:
    """The images of one b-value; b is their mean in s/mm², `assumed` is true if some of them do not state it."""

    b: float
    instances: tuple[Dataset, ...]
    assumed: bool


def shells(instances: Sequence[Dataset]) -> list[Shell]:
    """Return the measured images by ascending b-value.

    Images that are not understood to be measured are left out (`measured_images`); so are averages over directions
    where a b-value has images along stated directions. Images without a b-value in a series with b-values are those of
    b = 0 if no other is and they were acquired, not derived.

    Raises
    ------
    SeriesRejectedError
        ``E_B_VALUES`` if there are fewer than two b-values, or images without one whose b-value is not certain.
    """
    measured = measured_images(instances)
    stated = _with_b_value(measured)
    clusters = nominal_b_values([b for b, _ in stated])
    if len(clusters) < 2:
        others = len(instances) - len(measured)
        besides = f"; {others} images are maps, or derived in a way that is not understood" if others else ""
        raise SeriesRejectedError(Code.E_B_VALUES, f"two b-values are needed, {len(clusters)} found{besides}")
    return [_shell([(b, ds) for b, ds in stated if low <= b <= high]) for low, high in clusters]


def _with_b_value(instances: Sequence[Dataset]) -> list[tuple[float, Dataset]]:
    values = [_stated_b(ds) for ds in instances]
    without = [ds for ds, b in zip(instances, values, strict=True) if b is None]
    stated = [(b, ds) for ds, b in zip(instances, values, strict=True) if b is not None]
    if not without or not stated:
        return stated
    derived = any("DERIVED" in type_values(ds) or is_trace(ds) for ds in without)
    if derived or min(b for b, _ in stated) <= B_TOLERANCE_S_MM2:
        raise SeriesRejectedError(
            Code.E_B_VALUES, f"{len(without)} images state no b-value, and are not those of b = 0"
        )
    return [*((0.0, ds) for ds in without), *stated]


def _stated_b(ds: Dataset) -> float | None:
    stated = b_value(ds)
    return 0.0 if stated is None and ds.get("DiffusionDirectionality") == "NONE" else stated


def nominal_b_values(stated: Sequence[float]) -> list[tuple[float, float]]:
    """Return the lowest and highest stated value of each nominal b-value, in ascending order."""
    clusters: list[tuple[float, float]] = []
    for b in sorted(set(stated)):
        if clusters and b - clusters[-1][1] <= max(B_TOLERANCE_S_MM2, B_TOLERANCE * b):
            clusters[-1] = (clusters[-1][0], b)
        else:
            clusters.append((b, b))
    return clusters


def _shell(stated: Sequence[tuple[float, Dataset]]) -> Shell:
    kept = [(b, ds) for b, ds in stated if _is_directional(ds)]
    kept = kept or [(b, ds) for b, ds in stated if not is_combined(ds)] or list(stated)
    values = {b for b, _ in kept}
    mean = values.pop() if len(values) == 1 else float(np.mean([b for b, _ in kept]))
    return Shell(mean, tuple(ds for _, ds in kept), any(_stated_b(ds) is None for _, ds in kept))


def _is_directional(ds: Dataset) -> bool:
    """Return whether an instance was weighted along one direction (PS3.3 C.8.13.5.9)."""
    return not is_trace(ds) and (ds.get("DiffusionDirectionality") == "DIRECTIONAL" or gradient(ds) is not None)

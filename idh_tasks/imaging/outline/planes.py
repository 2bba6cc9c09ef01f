"""The even spacing of the planes on which an outline was drawn; planes without a mark may be missing."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.imaging.outline.refusals import refused

SAME_PLANE_MM = 0.05
"""Frames or contours that are closer along the normal lie in one plane."""
EVEN = 0.1
"""Largest distance of a plane from its even place, as a fraction of the spacing."""
MAX_PLANES = 4096


def distinct(offsets_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the offsets of the planes in ascending order, each once."""
    ordered = np.sort(offsets_mm)
    return ordered[np.diff(ordered, prepend=-np.inf) > SAME_PLANE_MM]


def even_spacing(planes_mm: NDArray[np.float64], stated_mm: Sequence[float], known_mm: float | None) -> float:
    """Return the distance between planes, of which some may be missing.

    Parameters
    ----------
    planes_mm
        Offsets of the planes along their normal in ascending order.
    stated_mm
        What the header states, the most reliable first.
    known_mm
        The spacing of the T2 where its slices are parallel to the planes.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if the planes are spaced unevenly, or a single plane has no stated thickness.
    """
    steps = np.diff(planes_mm)
    candidates = [*stated_mm, *([float(steps.min())] if len(steps) else [])]
    for spacing in candidates:
        fitted = _fitted(steps, spacing)
        if fitted is not None:
            _check_adjacent(steps, fitted, known_mm)
            return fitted
    if not len(steps):
        raise refused("the outline lies in a single plane off the slices of the T2, and its thickness is not stated")
    raise refused(
        f"the planes of the outline are unevenly spaced: {steps.min():.2f} to {steps.max():.2f} mm apart, "
        "which are no multiples of one distance"
    )


def _fitted(steps: NDArray[np.float64], spacing: float) -> float | None:
    """Return the exact spacing of which all steps are multiples, near the one that is tried."""
    if not np.isfinite(spacing) or spacing <= SAME_PLANE_MM:
        return None
    counts = np.round(steps / spacing)
    if not len(steps):
        return spacing
    if counts.min() < 1 or counts.sum() > MAX_PLANES:
        return None
    exact = float(steps.sum() / counts.sum())
    error = np.abs(np.cumsum(steps) - np.cumsum(counts) * exact).max()
    return exact if error <= EVEN * exact else None


def _check_adjacent(steps: NDArray[np.float64], spacing: float, known_mm: float | None) -> None:
    """Refuse planes that are never neighbours, unless that is how the T2 was drawn on."""
    if not len(steps) or round(float(steps.min()) / spacing) == 1:
        return
    if known_mm is None or abs(known_mm - spacing) > EVEN * spacing:
        raise refused(
            f"the planes of the outline are at least {steps.min():.2f} mm apart, but {spacing:.2f} mm are stated"
        )


def stated(values: Iterable[object]) -> list[float]:
    """Return the distances that a header states as numbers."""
    return [abs(float(str(value))) for value in values if value is not None and str(value).strip()]

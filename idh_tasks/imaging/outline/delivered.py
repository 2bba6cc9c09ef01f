"""The outline of a study among everything that was delivered: all of it must show the same tumour."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from pydicom import Dataset

from idh_tasks.dicom.outlines import SEGMENTATIONS
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.outline.between import check_no_gaps
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.outline.plausible import check_shape
from idh_tasks.imaging.outline.reference import ReferenceImage, check_overlaps, on_grid
from idh_tasks.imaging.outline.refusals import NoTumourError, refused
from idh_tasks.imaging.outline.segmentation import read_segmentation
from idh_tasks.imaging.outline.structure_set import read_structure_set
from idh_tasks.settings import ImagingSettings

SAME_DICE = 0.95
"""Outlines with at least this Dice coefficient show the same tumour; formats differ in the voxels of the border."""


@dataclass(frozen=True)
class Candidate:
    """An object that may hold the outline: its format, its hash, and how it is read."""

    kind: str
    sha256: str
    read: Callable[[ReferenceImage], Volume]


@dataclass(frozen=True)
class DeliveredOutline:
    """A delivered outline on its own grid, in the coordinates of T2, with its format and its hash."""

    kind: str
    sha256: str
    mask: Volume


def dicom_candidate(ds: Dataset, sha256: str) -> Candidate:
    """Return a DICOM SEG or an RTSTRUCT as a candidate."""
    if ds.SOPClassUID in SEGMENTATIONS:
        return Candidate(SEGMENTATION.evidence, sha256, partial(read_segmentation, ds))
    return Candidate(STRUCTURE_SET.evidence, sha256, partial(read_structure_set, ds))


def nifti_candidate(content: bytes, sha256: str) -> Candidate:
    """Return the bytes of a NIfTI mask as a candidate."""

    def read(t2: ReferenceImage) -> Volume:
        mask = read_nifti(content)
        check_overlaps(mask, t2.grid)
        return mask

    return Candidate("NIfTI", sha256, read)


def choose_outline(
    candidates: Iterable[Candidate], t2: ReferenceImage, settings: ImagingSettings
) -> DeliveredOutline | None:
    """Return the first outline in the given order of preference, or None if nothing was delivered.

    An object without any tumour, such as a segmentation of the brain, is left out if another one holds the tumour.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if one cannot be read or has no plausible shape, none holds a tumour, or they disagree about it.
    """
    found: list[DeliveredOutline] = []
    without: list[NoTumourError] = []
    for candidate in candidates:
        try:
            found.append(DeliveredOutline(candidate.kind, candidate.sha256, candidate.read(t2)))
        except NoTumourError as error:
            without.append(error)
    if without and not found:
        raise without[0]
    _check_all([outline.mask for outline in found], t2.grid, settings)
    return found[0] if found else None


def _check_all(masks: Sequence[Volume], grid: Geometry, settings: ImagingSettings) -> None:
    moved = [on_grid(mask, grid) for mask in masks]
    for mask, on_t2 in zip(masks, moved, strict=True):
        check_no_gaps(mask.voxels > 0)
        check_shape(on_t2, grid, settings)
    dice = min((_dice(moved[0], other) for other in moved[1:]), default=1.0)
    if dice < SAME_DICE:
        raise refused(f"{len(masks)} outlines were delivered, and they disagree about the tumour (Dice {dice:.2f})")


def _dice(one: Mask, other: Mask) -> float:
    total = int(one.sum()) + int(other.sum())
    return 2 * int(np.logical_and(one, other).sum()) / total if total else 1.0

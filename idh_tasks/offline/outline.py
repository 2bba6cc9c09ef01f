"""Brings a delivered tumour outline onto the grid of a T2, for a scientist."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.outlines import OUTLINE_CLASSES
from idh_tasks.errors import InstanceSkippedError, StudyQuarantinedError
from idh_tasks.imaging import files
from idh_tasks.imaging.assembly import assemble_volume
from idh_tasks.imaging.outline.delivered import Candidate, choose_outline, dicom_candidate, nifti_candidate
from idh_tasks.imaging.outline.reference import ReferenceImage, on_grid
from idh_tasks.intake.gate.instance import admit
from idh_tasks.offline.intake import files_below
from idh_tasks.offline.study_folder import MASK_NAMES, read_instances
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256

NIFTI = (".nii", ".nii.gz")
PREAMBLE = 128
"""Length of the preamble, after which a DICOM file names itself (PS3.10 7.1)."""


@dataclass(frozen=True)
class OutlineOnT2:
    """An outline on the grid of T2: its format and size, or the code and the reason why there is none."""

    kind: str | None = None
    voxels: int | None = None
    volume_ml: float | None = None
    code: str | None = None
    reason: str | None = None


def outline_on_t2(t2: Path, outline: Path, out: Path) -> OutlineOnT2:
    """Write a delivered DICOM SEG, RTSTRUCT or NIfTI mask as a mask on the grid of T2.

    Raises
    ------
    IdhError
        ``E_ROI`` if the outline cannot be used, or why the T2 or a file cannot be read.
    """
    reference = _reference(t2)
    found = choose_outline(_candidates(outline), reference, ImagingSettings())
    if found is None:
        named = " named roi.nii or roi.nii.gz" if outline.is_dir() else ""
        raise StudyQuarantinedError(Code.E_ROI, f"there is no DICOM SEG, RTSTRUCT or NIfTI mask{named}")
    mask = on_grid(found.mask, reference.grid)
    files.write_mask(mask, reference.grid, out)
    volume_ml = float(mask.sum()) * float(np.prod(reference.grid.spacing_mm)) / 1000
    return OutlineOnT2(found.kind, int(mask.sum()), round(volume_ml, 3))


def _reference(t2: Path) -> ReferenceImage:
    if not t2.is_dir():
        return ReferenceImage(files.read_volume(t2).geometry)
    images = [ds for ds in read_instances(t2) if ds.SOPClassUID not in OUTLINE_CLASSES]
    return ReferenceImage.of_series(assemble_volume(frames(images)).geometry, images)


def _candidates(outline: Path) -> Iterator[Candidate]:
    """Yield what may be the outline; of a folder's NIfTI files only those that the nightly run takes for one."""
    for path in files_below([outline]):
        content = path.read_bytes()
        if path.name.lower().endswith(NIFTI):
            if path == outline or path.name.lower() in MASK_NAMES:
                yield nifti_candidate(content, sha256(content))
        elif path == outline or content[PREAMBLE : PREAMBLE + 4] == b"DICM":
            yield from _dicom_candidates(content)


def _dicom_candidates(content: bytes) -> Iterator[Candidate]:
    """Yield a DICOM outline; images and objects of other classes are passed over."""
    try:
        ds = admit(content).ds
    except InstanceSkippedError:
        return
    if ds.SOPClassUID in OUTLINE_CLASSES:
        yield dicom_candidate(ds, sha256(content))

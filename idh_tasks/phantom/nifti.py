"""Reads real anatomy: skull-stripped NIfTI images with an expert's tumour labels (BraTS layout)."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Geometry, triple
from idh_tasks.errors import RunRefusedError
from idh_tasks.phantom.anatomy import Anatomy
from idh_tasks.phantom.tissue import Labels, Tissue

SUFFIXES = {
    MrSequence.T1: "_t1.nii.gz",
    MrSequence.MPRAGE: "_t1ce.nii.gz",
    MrSequence.T2: "_t2.nii.gz",
    MrSequence.FLAIR: "_flair.nii.gz",
}
EXPERT_LABELS = {1: Tissue.NECROSIS, 2: Tissue.OEDEMA, 4: Tissue.RIM}


def _read(path: Path) -> tuple[Float, Geometry]:
    image = sitk.ReadImage(str(path), sitk.sitkFloat32)
    voxels = sitk.GetArrayFromImage(image)
    geometry = Geometry(voxels.shape, image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return voxels, geometry


def _centred(geometry: Geometry) -> Geometry:
    """Move the grid so that its centre is the origin, like that of the phantom."""
    origin = np.array(geometry.origin_mm) - geometry.centre()
    return Geometry(geometry.shape, geometry.spacing_mm, triple(origin), geometry.direction)


def _tissues(t1: Float, expert: Float) -> Labels:
    """Label the brain by its T1 signal, and the tumour as the expert did."""
    labels = np.full(t1.shape, Tissue.AIR, dtype=np.uint8)
    brain = t1 > 0
    dark, bright = np.percentile(t1[brain], (12, 55))
    labels[brain] = Tissue.GREY
    labels[brain & (t1 < dark)] = Tissue.CSF
    labels[brain & (t1 > bright)] = Tissue.WHITE
    for value, tissue in EXPERT_LABELS.items():
        labels[expert == value] = tissue
    return labels


def find_cases(folder: Path) -> list[Path]:
    """Return the case folders in the order of their names.

    Raises
    ------
    RunRefusedError
        ``E_NO_INPUT`` if there is none.
    """
    cases = sorted({file.parent for file in folder.rglob("*_seg.nii.gz")})
    if not cases:
        raise RunRefusedError(Code.E_NO_INPUT, "the folder contains no case with a *_seg.nii.gz file")
    return cases


def read_anatomy(case: Path, mirrored: bool) -> Anatomy:
    """Read one case; `mirrored` swaps left and right, which makes a second head of it."""
    prefix = next(case.glob("*_seg.nii.gz")).name.removesuffix("_seg.nii.gz")
    contrasts = {s: _read(case / f"{prefix}{suffix}") for s, suffix in SUFFIXES.items()}
    expert, geometry = _read(case / f"{prefix}_seg.nii.gz")
    side = slice(None, None, -1) if mirrored else slice(None)
    labels = _tissues(contrasts[MrSequence.T1][0], expert)[:, :, side]
    images = {str(sequence): voxels[:, :, side] for sequence, (voxels, _) in contrasts.items()}
    return Anatomy(labels, _centred(geometry), images)

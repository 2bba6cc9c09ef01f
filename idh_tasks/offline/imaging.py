"""Imaging on files, for a scientist: DICOM folders or NIfTI in, NIfTI out, without a database or an object store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.domain.volume import Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging import files
from idh_tasks.imaging.assembly import assemble_echoes, assemble_volume
from idh_tasks.imaging.brain.extraction import extract
from idh_tasks.imaging.diffusion import adc_of, compute_adc
from idh_tasks.imaging.itk import axial, resample, same_voxels
from idh_tasks.imaging.perfusion import compute_rcbv, perfusion_flags
from idh_tasks.imaging.proposal import ProposalImages, propose_tumour
from idh_tasks.imaging.registration import check_registration
from idh_tasks.imaging.registration import register as register_volumes
from idh_tasks.offline.study_folder import read_instances
from idh_tasks.settings import ImagingSettings


@dataclass(frozen=True)
class Made:
    """What was measured while an image was made, what a reader should know, and why preprocessing would not use it."""

    figures: Mapping[str, float]
    flags: tuple[Code, ...] = ()
    code: Code | None = None
    reason: str | None = None


@dataclass(frozen=True)
class FoundBrain(Made):
    """How a brain mask was made; see `BrainMask`."""

    extractor: str = ""


@dataclass(frozen=True)
class ProposedOutline(Made):
    """A proposed outline, and why a person must look at it with special care."""

    doubts: tuple[str, ...] = ()


def adc(dwi: Path, out: Path) -> Made:
    """Fit the ADC (10⁻⁶ mm²/s) of a diffusion series."""
    settings = ImagingSettings()
    computed = (
        compute_adc(frames(read_instances(dwi)), settings) if dwi.is_dir() else adc_of(files.read_dwi(dwi), settings)
    )
    files.write_volume(computed.adc, out)
    return Made(_rounded(computed.figures), computed.flags)


def rcbv(dsc: Path, out: Path, k2: Path | None, *, leakage: bool) -> Made:
    """Compute rCBV from a DSC series, and write the leakage map K2 if a path is given."""
    perfusion = compute_rcbv(_dsc(dsc), leakage=leakage)
    files.write_volume(perfusion.rcbv, out)
    if k2 is not None:
        files.write_volume(perfusion.k2, k2)
    return Made(_rounded(perfusion.figures), perfusion_flags(perfusion, ImagingSettings()))


def register(fixed: Path, moving: Path, out: Path, transform: Path | None) -> Made:
    """Register rigidly and resample onto the fixed grid; say whether preprocessing would use the result."""
    target, source = _volume(fixed), _volume(moving)
    registration = register_volumes(target, source)
    files.write_volume(resample(source, target.geometry, registration.transform), out)
    if transform is not None:
        files.write_transform(registration.transform, transform)
    try:
        check_registration(registration, ImagingSettings())
    except SeriesRejectedError as error:
        return Made(_rounded(registration.figures()), (), error.code, error.reason)
    return Made(_rounded(registration.figures()))


def brain(image: Path, out: Path) -> FoundBrain:
    """Segment the brain as preprocessing does; the mask is on the grid of the image."""
    volume = _volume(image)
    found = extract(volume, ImagingSettings())
    files.write_mask(found.mask, volume.geometry, out)
    return FoundBrain(_rounded(found.figures), found.flags, extractor=found.extractor)


def roi(t2: Path, flair: Path, mprage: Path | None, out: Path) -> ProposedOutline:
    """Propose a whole-tumour outline on the grid of T2.

    The brain is segmented on the MPRAGE or, without one, on T2.
    """
    given = _volume(t2)
    base = axial(given)
    t1c = None if mprage is None else _aligned(mprage, base)
    found = extract(t1c or base, ImagingSettings())
    images = ProposalImages(base.voxels, _aligned(flair, base).voxels, t1c.voxels if t1c else None)
    proposal = propose_tumour(images, found.mask, base.geometry.spacing_mm)
    files.write_mask(same_voxels(proposal.mask, base.geometry, given.geometry), given.geometry, out)
    volume_ml = float(proposal.mask.sum()) * float(np.prod(base.geometry.spacing_mm)) / 1000
    figures = {"volume_ml": volume_ml, **proposal.figures, **found.figures}
    return ProposedOutline(_rounded(figures), (*found.flags, Code.W_ROI_PROPOSED), doubts=proposal.doubts)


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the finite figures."""
    return {name: round(float(value), 4) for name, value in figures.items() if np.isfinite(value)}


def _volume(path: Path) -> Volume:
    return assemble_volume(frames(read_instances(path))) if path.is_dir() else files.read_volume(path)


def _dsc(path: Path) -> tuple[Series4D, ...]:
    return assemble_echoes(frames(read_instances(path))) if path.is_dir() else (files.read_dsc(path),)


def _aligned(path: Path, base: Volume) -> Volume:
    """Bring an image onto the grid of another; an image on that grid already is returned as it is."""
    image = _volume(path)
    if image.geometry == base.geometry:
        return image
    return resample(image, base.geometry, register_volumes(base, image).transform)

"""Imaging on files, for a scientist: DICOM folders or NIfTI in, NIfTI out, without a database or an object store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.domain.volume import Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging import files
from idh_tasks.imaging.assembly import assemble_echoes, assemble_volume
from idh_tasks.imaging.brain.extraction import extract
from idh_tasks.imaging.diffusion import adc_of, compute_adc
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.perfusion import compute_rcbv
from idh_tasks.imaging.proposal import ProposalImages, propose_tumour
from idh_tasks.imaging.registration import Registration, check_registration
from idh_tasks.imaging.registration import register as register_volumes
from idh_tasks.offline.study_folder import read_instances
from idh_tasks.settings import ImagingSettings

STRIPPED = 0.45
"""Images without skull are zero in more than half of their grid; a head with air and noise is not."""


@dataclass(frozen=True)
class FoundBrain:
    """How a brain mask was made; see `BrainMask`."""

    extractor: str
    flags: tuple[Code, ...]
    figures: Mapping[str, float]


def adc(dwi: Path, out: Path) -> None:
    """Fit the ADC (10⁻⁶ mm²/s) of a diffusion series."""
    settings = ImagingSettings()
    computed = (
        compute_adc(frames(read_instances(dwi)), settings) if dwi.is_dir() else adc_of(files.read_dwi(dwi), settings)
    )
    files.write_volume(computed.adc, out)


def rcbv(dsc: Path, out: Path, k2: Path | None, *, leakage: bool) -> None:
    """Compute rCBV from a DSC series, and write the leakage map K2 if a path is given."""
    perfusion = compute_rcbv(_dsc(dsc), leakage=leakage)
    files.write_volume(perfusion.rcbv, out)
    if k2 is not None:
        files.write_volume(perfusion.k2, k2)


def register(fixed: Path, moving: Path, out: Path, transform: Path | None) -> Registration:
    """Register rigidly and resample onto the fixed grid."""
    target, source = _volume(fixed), _volume(moving)
    registration = register_volumes(target, source)
    files.write_volume(resample(source, target.geometry, registration.transform), out)
    if transform is not None:
        files.write_transform(registration.transform, transform)
    return registration


def usability(registration: Registration) -> str:
    """Return ``good`` if preprocessing would use a registration, else the reason why not."""
    try:
        check_registration(registration, ImagingSettings())
    except SeriesRejectedError as error:
        return str(error)
    return "good"


def brain(image: Path, out: Path) -> FoundBrain:
    """Segment the brain as preprocessing does; the mask is on the grid of the image."""
    volume = _volume(image)
    found = extract(volume, ImagingSettings())
    files.write_mask(found.mask, volume.geometry, out)
    return FoundBrain(found.extractor, found.flags, {name: round(value, 4) for name, value in found.figures.items()})


def roi(t2: Path, flair: Path, mprage: Path | None, out: Path) -> float:
    """Propose a whole-tumour outline on the grid of T2; return its volume in ml.

    The brain is taken from the images if they are skull-stripped, else segmented on the MPRAGE or, without one, on T2.
    """
    base = _volume(t2)
    aligned = _aligned(flair, base)
    t1c = None if mprage is None else _aligned(mprage, base).voxels
    images = ProposalImages(base.voxels, aligned.voxels, t1c)
    mask = propose_tumour(images, _brain_on(base, mprage), base.geometry.spacing_mm).mask
    files.write_mask(mask, base.geometry, out)
    return float(mask.sum()) * float(np.prod(base.geometry.spacing_mm)) / 1000


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


def _brain_on(base: Volume, mprage: Path | None) -> Mask:
    stripped = base.voxels > 0
    if stripped.mean() < STRIPPED:
        return stripped
    return extract(_aligned(mprage, base) if mprage is not None else base, ImagingSettings()).mask

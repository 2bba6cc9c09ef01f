"""Imaging at a scientist's desk: DICOM folders or NIfTI in, NIfTI and patches out, without database or store."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SeriesId, SeriesRecord
from idh_tasks.domain.volume import Series4D, Volume
from idh_tasks.errors import InstanceRejectedError, SeriesRejectedError
from idh_tasks.imaging import files
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume
from idh_tasks.imaging.brain import brain_mask
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.perfusion import compute_rcbv
from idh_tasks.imaging.proposal import propose_tumour
from idh_tasks.imaging.registration import Registered, gated, register
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.naming.series import name_series
from idh_tasks.offline.intake import files_below
from idh_tasks.pipelines.preprocess.study_images import CutPatch, StudyImages, cut_all, sheet_of
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256

ROI_SUFFIXES = (".nii", ".nii.gz")
STRIPPED = 0.45
"""Images without skull are zero over more than half of their grid; a head with air and noise is not."""


def _instances(folder: Path) -> list[Dataset]:
    """Read the DICOM files of a folder that pass the gate; the b-value moves to its standard element."""
    found = []
    for path in files_below([folder]):
        try:
            ds = admit(path.read_bytes()).ds
        except InstanceRejectedError:
            continue
        value = b_value(ds)
        if value is not None:
            ds.DiffusionBValue = value
        found.append(ds)
    if not found:
        raise SeriesRejectedError(Code.E_NO_IMAGES, f"no DICOM image in {folder.name} passes the gate")
    return found


def _volume(path: Path) -> Volume:
    return assemble_volume(frames(_instances(path))) if path.is_dir() else files.read_volume(path)


def _dwi(path: Path) -> Series4D:
    return assemble_over_b(frames(_instances(path))) if path.is_dir() else files.read_dwi(path)


def _dsc(path: Path) -> Series4D:
    return assemble_over_time(frames(_instances(path))) if path.is_dir() else files.read_dsc(path)


def adc(dwi: Path, out: Path) -> None:
    """Fit the ADC (10⁻⁶ mm²/s) of a diffusion series."""
    files.write_volume(fit_adc(_dwi(dwi)), out)


def rcbv(dsc: Path, out: Path, k2: Path | None, *, leakage: bool) -> None:
    """Compute rCBV of a DSC series, and the leakage map where it is asked for."""
    found = compute_rcbv(_dsc(dsc), leakage=leakage)
    files.write_volume(found.rcbv, out)
    if k2 is not None:
        files.write_volume(found.k2, k2)


def registered(fixed: Path, moving: Path, out: Path, transform: Path | None) -> Registered:
    """Register rigidly and resample onto the fixed grid."""
    target, source = _volume(fixed), _volume(moving)
    found = register(target, source)
    files.write_volume(resample(source, target.geometry, found.transform), out)
    if transform is not None:
        files.write_transform(found.transform, transform)
    return found


def verdict(found: Registered) -> str:
    """Say whether preprocessing would use a registration, and why not."""
    try:
        gated(found, ImagingSettings())
    except SeriesRejectedError as error:
        return str(error)
    return "good"


def brain(image: Path, out: Path) -> None:
    """Mark the brain."""
    volume = _volume(image)
    files.write_mask(brain_mask(volume), volume.geometry, out)


def roi(t2: Path, flair: Path, mprage: Path | None, out: Path) -> float:
    """Propose a whole-tumour outline on the grid of T2; return its volume in ml.

    Without MPRAGE the brain is what is not zero where the images are stripped of their skull, else it is
    looked for on T2.
    """
    base = _volume(t2)
    seen = _moved(flair, base)
    mask = propose_tumour(base.voxels, seen.voxels, _brain_on(base, mprage), base.geometry.spacing_mm)
    files.write_mask(mask, base.geometry, out)
    return float(mask.sum()) * float(np.prod(base.geometry.spacing_mm)) / 1000


def _moved(path: Path, onto: Volume) -> Volume:
    """Bring an image onto a grid; one that lies on it already stays as it is."""
    image = _volume(path)
    if image.geometry == onto.geometry:
        return image
    return resample(image, onto.geometry, register(onto, image).transform)


def _brain_on(base: Volume, mprage: Path | None) -> np.ndarray:
    stripped = base.voxels > 0
    if stripped.mean() < STRIPPED:
        return stripped
    return brain_mask(_moved(mprage, base) if mprage is not None else base)


@dataclass
class FolderShelf:
    """A study in a folder."""

    series: Sequence[SeriesRecord]
    kept: dict[str, list[Dataset]]
    mask: bytes | None = None

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Return the instances of a series."""
        return frames(self.kept[series.object_key])

    def outline(self) -> bytes | None:
        """Return the given mask."""
        return self.mask


@dataclass(frozen=True)
class Cut:
    """What became of a study: sequences with a patch, why others have none, and whose the outline is."""

    patches: list[MrSequence]
    refused: dict[MrSequence, str]
    outline: str


def patches(folder: Path, mask: Path | None, out: Path) -> Cut:
    """Cut the patches of a study folder; write them (.npy), a sheet to judge them by, and their provenance.

    Without an outline one is proposed and used: this is a desk, and the provenance says so.
    """
    shelf, settings = _shelf(folder, mask), ImagingSettings()
    images = StudyImages(shelf, settings)
    delivered = images.outline is not None
    if not delivered:
        images = StudyImages(shelf, settings, images.proposal.sha256)
    found, refused = cut_all(images)
    reasons = {sequence: str(error) for sequence, error in refused.items()}
    if not found:
        raise SeriesRejectedError(Code.E_NO_IMAGES, "; ".join(f"{name}: {why}" for name, why in reasons.items()))
    out.mkdir(parents=True, exist_ok=True)
    for sequence, one in found.items():
        np.save(out / f"{sequence}.npy", one.patch)
    (out / "qc.png").write_bytes(sheet_of(images, found))
    outline = "delivered" if delivered else "proposed, accepted by nobody"
    told = {"outline": outline, "patches": {s.value: _provenance(one) for s, one in found.items()}, "refused": reasons}
    (out / "provenance.json").write_text(json.dumps(told, indent=1))
    return Cut(list(found), reasons, outline)


def _provenance(one: CutPatch) -> dict[str, object]:
    """Return what a patch was made of, how good its source is, and its hash."""
    return {
        "provenance": one.provenance.value,
        "rectangle": vars(one.rectangle),
        "sha256": sha256(one.patch.tobytes()),
        "quality": one.quality,
        "origin": one.origin,
    }


def _shelf(folder: Path, mask: Path | None) -> FolderShelf:
    """Name the series of a folder; a NIfTI mask beside the images is its outline unless another is given."""
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for ds in _instances(folder):
        groups[str(ds.SeriesInstanceUID)].append(ds)
    series: list[SeriesRecord] = []
    kept: dict[str, list[Dataset]] = {}
    for group in groups.values():
        for named in name_series(group):
            key = str(len(kept))
            kept[key] = list(named.instances)
            found = named.identification
            pixels = sha256(b"".join(ds.get("PixelData", b"") for ds in named.instances))
            series.append(
                SeriesRecord(SeriesId(key), found, key, pixels, len(named.instances), named.fault, named.slice_geometry)
            )
    beside = [path for path in files_below([folder]) if path.name.endswith(ROI_SUFFIXES)]
    outline = mask or next(iter(beside), None)
    return FolderShelf(series, kept, outline.read_bytes() if outline else None)

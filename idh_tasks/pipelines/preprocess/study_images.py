"""The images of one study in MPRAGE space, each made when it is first asked for."""

import platform as machine
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET, Identification, SeriesRecord
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import (
    IdhError,
    OutlineAwaitsReviewError,
    SeriesRejectedError,
    StudyQuarantinedError,
    TransientError,
)
from idh_tasks.imaging import roi
from idh_tasks.imaging.brain import brain_mask
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.normalise import brain_zscore, tumour_mean
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from idh_tasks.imaging.plug_points import extract_brain, segment_tumour
from idh_tasks.imaging.proposal import propose_tumour
from idh_tasks.imaging.registration import IN_PLACE, Registered, gated, head, register
from idh_tasks.imaging.structure_set import read_structure_set
from idh_tasks.pipelines.platform import code_version
from idh_tasks.pipelines.preprocess.series_images import SeriesImages, Shelf, Source
from idh_tasks.reporting.qc_sheet import qc_sheet
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256

LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom")


@dataclass(frozen=True)
class CutPatch:
    """A patch with what is recorded of it."""

    patch: Float
    rectangle: Rectangle
    provenance: Provenance
    overlap: float
    roi_mean: float
    quality: dict[str, object]
    origin: dict[str, object]
    shown: Float
    """The image itself on the rectangle's slice, in MPRAGE space."""


@dataclass(frozen=True)
class Moved:
    """An image in MPRAGE space, where it has data, and how it came there."""

    image: Float
    covered: Mask
    registered: Registered


@dataclass(frozen=True)
class Outline:
    """A delivered outline on the grid of T2, with its kind and its hash."""

    kind: str
    sha256: str
    mask: Volume


@dataclass(frozen=True)
class Proposal:
    """An outline nobody has drawn, with its hash, its size, and T2, FLAIR and MPRAGE to judge it by."""

    mask: Mask
    sha256: str
    volume_ml: float
    shown_on: tuple[Float, Float, Float]


class StudyImages:
    """Lazily built images of a study; what several sequences share is made once."""

    def __init__(self, shelf: Shelf, settings: ImagingSettings, accepted_outline: str | None = None) -> None:
        self._shelf = shelf
        self._images = SeriesImages(shelf, settings)
        self._accepted = accepted_outline
        self._settings = settings
        self._registered: dict[MrSequence, Registered] = {}

    def patch(self, sequence: MrSequence) -> CutPatch:
        """Cut the patch of one sequence.

        Raises
        ------
        IdhError
            With the reason why there is none.
        """
        source = self._images.source(sequence)
        moved = self._moved(sequence)
        normalised = self._normalised(moved)
        box, size = self.rectangle, self._settings.patch_size
        seen = self.tumour & moved.covered
        return CutPatch(
            patch=cut_patch(normalised, self.tumour, box, size, self._settings.resample == "pad_square"),
            rectangle=box,
            provenance=source.provenance,
            overlap=moved.registered.overlap,
            roi_mean=float(moved.image[seen].mean()) if seen.any() else 0.0,
            quality=_quality(source, moved.registered),
            origin=self._origin(sequence, source, moved.registered),
            shown=moved.image[box.slice_index],
        )

    def _normalised(self, moved: Moved) -> Float:
        if self._settings.normalisation == "brain_zscore":
            # A tumour at the surface may be missing in the mask; it is brain all the same.
            return brain_zscore(moved.image, (self.brain | self.tumour) & moved.covered)
        return tumour_mean(moved.image, self.tumour & moved.covered)

    def _origin(self, sequence: MrSequence, source: Source, registered: Registered) -> dict[str, object]:
        """Return what a patch was made of and by what."""
        drawn_on = [MrSequence.T2] if self.outline else [MrSequence.T2, MrSequence.FLAIR]
        used = {s.value: self._images.source(s).series.sha256 for s in (MrSequence.MPRAGE, *drawn_on)}
        outline = self.outline
        return {
            "inputs": used | {sequence.value: source.series.sha256},
            "outline": outline.kind if outline else "proposal",
            "outline_sha256": outline.sha256 if outline else self.proposal.sha256,
            "transform": registered.matrix().round(6).tolist(),
            "settings": self._settings.model_dump(mode="json"),
            "code": code_version("imaging", "dicom"),
            "versions": {"python": machine.python_version()} | {name: version(name) for name in LIBRARIES},
        }

    @cached_property
    def mprage(self) -> Volume:
        """Return the patient's MPRAGE, in axial slices: the space of everything else."""
        return self._images.source(MrSequence.MPRAGE).image

    @cached_property
    def brain(self) -> Mask:
        """Return the brain mask in MPRAGE space."""
        name = self._settings.brain_extractor
        return brain_mask(self.mprage) if name == "classical" else extract_brain(name, self.mprage)

    @cached_property
    def tumour(self) -> Mask:
        """Return the delivered ROI in MPRAGE space, moved as T2 is, on which it was drawn; else an accepted proposal.

        Raises
        ------
        StudyQuarantinedError
            ``W_ROI_PROPOSED`` if a proposal waits for a person, ``E_NO_ROI`` if there is none, ``E_ROI`` if what
            was delivered is no tumour of this brain.
        """
        if self.outline is None:
            if self.proposal.sha256 != self._accepted:
                raise OutlineAwaitsReviewError(
                    Code.W_ROI_PROPOSED, "no outline was delivered; a proposed one waits for a person"
                )
            return self.proposal.mask
        transform = self._register(MrSequence.T2).transform
        mask = resample(self.outline.mask, self.mprage.geometry, transform, nearest=True).voxels > 0
        roi.check_plausible(mask, head(self.mprage), self.mprage.geometry, self._settings)
        return mask

    @cached_property
    def outline(self) -> Outline | None:
        """Return what was delivered: a DICOM SEG, an RTSTRUCT or a NIfTI mask, in this order."""
        for identification, read in ((SEGMENTATION, roi.read_segmentation), (STRUCTURE_SET, read_structure_set)):
            series = self._delivered(identification)
            if series is not None:
                grid = self._images.source(MrSequence.T2).image.geometry
                drawn = read(self._shelf.instances(series)[0], grid)
                return Outline(identification.evidence, series.sha256, drawn)
        content = self._shelf.outline()
        return None if content is None else Outline("NIfTI", sha256(content), roi.read_nifti(content))

    def _delivered(self, identification: Identification) -> SeriesRecord | None:
        return next((s for s in self._shelf.series if s.identification == identification), None)

    @cached_property
    def rectangle(self) -> Rectangle:
        """Return the widest slice and its rectangle, the same for every sequence."""
        return widest_rectangle(self.tumour)

    @cached_property
    def proposal(self) -> Proposal:
        """Return an outline proposed from T2 and FLAIR, or by a plugged-in segmenter, in MPRAGE space."""
        try:
            t2, flair = self._moved(MrSequence.T2), self._moved(MrSequence.FLAIR)
        except SeriesRejectedError as error:
            raise StudyQuarantinedError(
                Code.E_NO_ROI, f"no outline was delivered, none can be proposed: {error}"
            ) from None
        mask, spacing = self._segmented(t2, flair), self.mprage.geometry.spacing_mm
        volume_ml = float(mask.sum()) * float(np.prod(spacing)) / 1000
        shown_on = (t2.image, flair.image, self.mprage.voxels)
        return Proposal(mask, sha256(np.packbits(mask).tobytes()), round(volume_ml, 1), shown_on)

    def _segmented(self, t2: Moved, flair: Moved) -> Mask:
        name = self._settings.segmenter
        if name == "thresholds":
            seen = self.brain & t2.covered & flair.covered
            return propose_tumour(t2.image, flair.image, seen, self.mprage.geometry.spacing_mm)
        return segment_tumour(name, self._together())

    def _together(self) -> dict[MrSequence, Volume]:
        """Return every image of the study that could be brought to MPRAGE."""
        found = {}
        for sequence in MODEL_SEQUENCES:
            try:
                found[sequence] = Volume(self._moved(sequence).image, self.mprage.geometry)
            except SeriesRejectedError:
                continue
        return found

    def _register(self, sequence: MrSequence) -> Registered:
        if sequence is MrSequence.MPRAGE:
            return IN_PLACE
        if sequence not in self._registered:
            found = register(self.mprage, self._images.source(sequence).anatomy)
            self._registered[sequence] = gated(found, self._settings)
        return self._registered[sequence]

    def _moved(self, sequence: MrSequence) -> Moved:
        found, source, grid = self._register(sequence), self._images.source(sequence), self.mprage.geometry
        if sequence is MrSequence.MPRAGE:
            return Moved(self.mprage.voxels, np.ones(grid.shape, dtype=bool), found)
        ones = Volume(np.ones_like(source.image.voxels), source.image.geometry)
        covered = resample(ones, grid, found.transform, nearest=True).voxels > 0
        return Moved(resample(source.image, grid, found.transform).voxels, covered, found)


def _quality(source: Source, registered: Registered) -> dict[str, object]:
    """Return what was measured; an image without noise, and MPRAGE to itself, have figures without end."""
    figures = vars(source.quality) | {
        "overlap": registered.overlap,
        "information": registered.information,
    }
    known = {name: round(value, 4) for name, value in figures.items() if np.isfinite(value)}
    return known | {"flags": list(source.flags)}


def cut_all(images: StudyImages) -> tuple[dict[MrSequence, CutPatch], dict[MrSequence, IdhError]]:
    """Cut the patch of every sequence; return them, and why the others have none.

    Raises
    ------
    TransientError
        Where trying again may help.
    """
    found: dict[MrSequence, CutPatch] = {}
    refused: dict[MrSequence, IdhError] = {}
    for sequence in MODEL_SEQUENCES:
        try:
            found[sequence] = images.patch(sequence)
        except TransientError:
            raise
        except IdhError as error:
            refused[sequence] = error
    return found, refused


def sheet_of(images: StudyImages, found: Mapping[MrSequence, CutPatch]) -> bytes:
    """Draw the sheet by which a person can judge the patches of a study, as PNG."""
    box = images.rectangle
    mprage, tumour = images.mprage.voxels[box.slice_index], images.tumour[box.slice_index]
    shown = {sequence: (one.shown, one.patch) for sequence, one in found.items()}
    return qc_sheet(mprage, tumour, (box.top, box.bottom, box.left, box.right), shown)

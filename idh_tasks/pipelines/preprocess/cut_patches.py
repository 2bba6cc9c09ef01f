"""Cuts the patches of one study, and records the origin of each."""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from platform import python_version

import numpy as np

from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.volume import Float
from idh_tasks.errors import IdhError, OutlineAwaitsReviewError
from idh_tasks.imaging.normalise import brain_zscore, tumour_mean
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from idh_tasks.imaging.registration import Registration
from idh_tasks.pipelines.platform import code_version
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.series_images import SourceImage
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.reporting.qc_sheet import SheetColumn, qc_sheet

LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom")


@dataclass(frozen=True)
class CutPatch:
    """A patch with what is recorded about it.

    Attributes
    ----------
    roi_mean
        Mean of the image in the tumour before normalisation.
    quality
        Quality figures of the image and its registration, with flags.
    origin
        What the patch was made of: hashes of the inputs, transform, settings and versions.
    shown
        The aligned image on the rectangle's slice, for the quality sheet.
    """

    patch: Float
    rectangle: Rectangle
    provenance: Provenance
    overlap: float
    roi_mean: float
    quality: dict[str, object]
    origin: dict[str, object]
    shown: Float


@dataclass(frozen=True)
class StudyPatches:
    """The patches of a study, and for the other sequences the error that says why there is none."""

    cut: dict[MrSequence, CutPatch]
    refused: dict[MrSequence, IdhError]

    @property
    def await_review(self) -> bool:
        """Return whether patches are missing because a proposed outline awaits review."""
        return any(isinstance(error, OutlineAwaitsReviewError) for error in self.refused.values())


class PatchCutter:
    """Cuts every sequence of a study with the same rectangle."""

    def __init__(self, images: StudyImages, outline: TumourOutline) -> None:
        self._images = images
        self._outline = outline
        self._settings = images.settings

    def cut_all(self) -> StudyPatches:
        """Cut the patch of every sequence.

        Raises
        ------
        TransientError
            If a retry may help.
        RunRefusedError
            If the installation is at fault.
        """
        patches = StudyPatches({}, {})
        for sequence in MODEL_SEQUENCES:
            try:
                patches.cut[sequence] = self.cut(sequence)
            except Exception as error:  # an unforeseen fault costs its sequence, never the neighbours
                patches.refused[sequence] = as_refusal(error)
        return patches

    def cut(self, sequence: MrSequence) -> CutPatch:
        """Cut the patch of one sequence.

        Raises
        ------
        IdhError
            With the reason why there is no patch.
        """
        source, aligned = self._images.source(sequence), self._images.aligned(sequence)
        normalised, tumour = self._normalised(aligned), self._outline.mask
        covered = tumour & aligned.covered
        pad_square = self._settings.resample == "pad_square"
        return CutPatch(
            patch=cut_patch(normalised, tumour, self.rectangle, self._settings.patch_size, pad_square),
            rectangle=self.rectangle,
            provenance=source.provenance,
            overlap=aligned.registration.overlap,
            roi_mean=float(aligned.voxels[covered].mean()) if covered.any() else 0.0,
            quality=_quality(source, aligned.registration),
            origin=self._origin(sequence, source, aligned.registration),
            shown=aligned.voxels[self.rectangle.slice_index],
        )

    @cached_property
    def rectangle(self) -> Rectangle:
        """Return the widest slice of the tumour and its rectangle, the same for every sequence."""
        return widest_rectangle(self._outline.mask)

    def _normalised(self, aligned: AlignedImage) -> Float:
        if self._settings.normalisation == "brain_zscore":
            # The brain mask may miss a tumour at the surface, which still belongs to the brain.
            return brain_zscore(aligned.voxels, (self._images.brain | self._outline.mask) & aligned.covered)
        return tumour_mean(aligned.voxels, self._outline.mask & aligned.covered)

    def _origin(self, sequence: MrSequence, source: SourceImage, registration: Registration) -> dict[str, object]:
        used = (MrSequence.MPRAGE, *self._outline.drawn_on)
        inputs = {one.value: self._images.source(one).series.sha256 for one in used}
        return {
            "inputs": inputs | {sequence.value: source.series.sha256},
            "outline": self._outline.kind,
            "outline_sha256": self._outline.sha256,
            "transform": registration.matrix().round(6).tolist(),
            "settings": self._settings.model_dump(mode="json"),
            "code": code_version("imaging", "dicom"),
            "versions": {"python": python_version()} | {name: version(name) for name in LIBRARIES},
        }

    def quality_sheet(self, patches: StudyPatches) -> bytes:
        """Draw the quality sheet by which a reader can judge the patches of the study; PNG."""
        box = self.rectangle
        columns = {sequence: SheetColumn(cut.shown, cut.patch) for sequence, cut in patches.cut.items()}
        mprage, tumour = self._images.mprage.voxels[box.slice_index], self._outline.mask[box.slice_index]
        return qc_sheet(mprage, tumour, (box.top, box.bottom, box.left, box.right), columns)


def _quality(source: SourceImage, registration: Registration) -> dict[str, object]:
    """Return the finite figures: images without noise, and the MPRAGE registered to itself, have infinite ones."""
    figures = vars(source.quality) | dict(source.figures) | registration.figures()
    finite = {name: round(value, 4) for name, value in figures.items() if np.isfinite(value)}
    return finite | {"flags": list(source.flags)}

"""Cuts the patches of one study, and records the origin of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from platform import python_version

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.slices import slice_place, slice_z_mm
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import IdhError, OutlineAwaitsReviewError, SeriesRejectedError
from idh_tasks.imaging.normalise import absolute_adc, brain_zscore, tumour_mean
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from idh_tasks.imaging.perfusion import normalise_rcbv
from idh_tasks.imaging.registration import Registration
from idh_tasks.pipelines.platform import code_version
from idh_tasks.pipelines.preprocess.patch_units import patch_scale, patch_unit
from idh_tasks.pipelines.preprocess.quality_record import Figures, quality_record
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.series_images import SourceImage
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.reporting.qc_sheet import SheetColumn, SheetSlice, qc_sheet

Seen = Callable[[MrSequence, AlignedImage, str], None]
"""What is done with an image in the reference space, whose values have a unit, before its patch is cut."""

ADC_UNIT, OF_THE_BRAIN, OF_WHITE_MATTER = "10⁻⁶ mm²/s", "× median of the brain", "× normal-appearing white matter"
UNITS = {
    (MrSequence.ADC, Provenance.COMPUTED): ADC_UNIT,
    (MrSequence.ADC, Provenance.VENDOR): ADC_UNIT,
    (MrSequence.RCBV, Provenance.COMPUTED): OF_THE_BRAIN,
}
"""Units of images before normalisation; that of a vendor's rCBV is not known, and the others have none."""

LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom", "onnxruntime", "deepbet")


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
    shown, covered
        The aligned image on the rectangle's slice and where it has one, for the quality sheet; copies, so that the
        volume is not kept.
    coverage
        Share of the outline that the image covers.
    """

    patch: Float
    rectangle: Rectangle
    provenance: Provenance
    overlap: float
    roi_mean: float
    quality: dict[str, object]
    origin: dict[str, object]
    shown: Float
    covered: Mask
    coverage: float


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

    def __init__(self, images: StudyImages, outline: TumourOutline, seen: Seen = lambda *_: None) -> None:
        self._images = images
        self._outline = outline
        self._seen = seen
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
        self._seen(sequence, aligned, UNITS.get((sequence, source.provenance), ""))
        coverage = self._coverage(aligned)
        aligned, relative, flags = self._relative(sequence, aligned)
        if relative and not flags:
            self._seen(sequence, aligned, OF_WHITE_MATTER)
        normalised, tumour = self._normalised(sequence, aligned), self._outline.mask
        inside = normalised[tumour & aligned.covered]
        spread = {"normalised_mean": float(inside.mean()), "normalised_sd": float(inside.std())}
        figures = {**relative, **self._outline.figures, **spread}
        pad_square = self._settings.resample == "pad_square"
        spacing_mm = self._images.reference.image.geometry.spacing_mm
        return CutPatch(
            patch=cut_patch(normalised, tumour, self.rectangle, self._settings.patch_size, pad_square, spacing_mm),
            rectangle=self.rectangle,
            provenance=source.provenance,
            overlap=aligned.registration.overlap,
            roi_mean=float(aligned.voxels[tumour & aligned.covered].mean()),
            quality=quality_record(
                self._images,
                sequence,
                figures | {"coverage": coverage},
                (*self._outline.agreement.flags, *flags),
            ),
            origin=self._origin(sequence, source, aligned.registration),
            shown=aligned.voxels[self.rectangle.slice_index].copy(),
            covered=aligned.covered[self.rectangle.slice_index].copy(),
            coverage=coverage,
        )

    def _relative(self, sequence: MrSequence, aligned: AlignedImage) -> tuple[AlignedImage, Figures, tuple[Code, ...]]:
        """Return rCBV relative to the white matter opposite the tumour, which only a T1 shows; others unchanged."""
        reference = self._images.reference
        if (
            sequence is not MrSequence.RCBV
            or self._settings.rcbv_reference == "brain"
            or reference.sequence is MrSequence.T2
        ):
            return aligned, {}, ()
        relative = normalise_rcbv(
            aligned.voxels, aligned.covered, self._images.brain, self._outline.mask, reference.image
        )
        figures = {"white_matter_ml": relative.white_matter_ml}
        return replace(aligned, voxels=relative.voxels), figures, relative.flags

    def _coverage(self, aligned: AlignedImage) -> float:
        """Return the share of the outline that an image covers, in space or on the patch's slice if it is less there.

        Raises
        ------
        SeriesRejectedError
            ``E_COVERAGE`` with the share if it is too small: the rest of the patch would be black.
        """
        tumour, index = self._outline.mask, self.rectangle.slice_index
        pairs = ((tumour, aligned.covered), (tumour[index], aligned.covered[index]))
        coverage = min(float((outline & covered).sum() / outline.sum()) for outline, covered in pairs)
        if coverage < self._settings.coverage_floor:
            raise SeriesRejectedError(
                Code.E_COVERAGE,
                f"the image covers {coverage:.0%} of the outline, {self._settings.coverage_floor:.0%} is needed",
            )
        return coverage

    @cached_property
    def rectangle(self) -> Rectangle:
        """Return the widest slice of the tumour and its rectangle, the same for every sequence."""
        return widest_rectangle(self._outline.mask)

    def _normalised(self, sequence: MrSequence, aligned: AlignedImage) -> Float:
        if sequence is MrSequence.ADC and self._settings.adc_scale == "absolute":
            return absolute_adc(aligned.voxels)
        if self._settings.normalisation == "brain_zscore":
            # The brain mask may miss a tumour at the surface, which still belongs to the brain.
            return brain_zscore(aligned.voxels, (self._images.brain | self._outline.mask) & aligned.covered)
        return tumour_mean(aligned.voxels, self._outline.mask & aligned.covered)

    def _origin(self, sequence: MrSequence, source: SourceImage, registration: Registration) -> dict[str, object]:
        reference = self._images.reference.sequence
        used = (reference, *self._outline.drawn_on)
        inputs = {one.value: self._images.source(one).series.sha256 for one in used}
        return {
            "inputs": inputs | {sequence.value: source.series.sha256},
            "reference": reference.value,
            "outline": self._outline.kind,
            "outline_sha256": self._outline.sha256,
            "transform": registration.matrix().round(6).tolist(),
            "settings": self._settings.model_dump(mode="json"),
            "code": code_version("imaging", "dicom"),
            "versions": {"python": python_version()} | {name: version(name) for name in LIBRARIES},
        }

    def quality_sheet(self, patches: StudyPatches) -> bytes:
        """Draw the quality sheet by which a reader can judge the patches of the study; PNG."""
        box, reference = self.rectangle, self._images.reference
        index = box.slice_index
        columns = {
            sequence: SheetColumn(cut.shown, cut.covered, cut.coverage, cut.patch, patch_unit(sequence, self._settings))
            for sequence, cut in patches.cut.items()
        }
        geometry = reference.image.geometry
        chosen = SheetSlice(
            reference.sequence,
            slice_place(index, geometry.shape[0], slice_z_mm(geometry, index)),
            geometry.spacing_mm[:2],
            patch_scale(self._settings),
            self._images.brain_mask.description(self._images.brain_image),
            reference.image.voxels[index],
            self._images.brain[index],
            self._outline.mask[index],
            (box.top, box.bottom, box.left, box.right),
            notes=self._outline.agreement.notes,
        )
        return qc_sheet(chosen, columns, {sequence: error.code for sequence, error in patches.refused.items()})

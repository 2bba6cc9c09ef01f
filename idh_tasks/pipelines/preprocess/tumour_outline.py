"""The tumour outline of one study: delivered by the hospital, or proposed and accepted by a reviewer."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import OutlineAwaitsReviewError, SeriesRejectedError, StudyQuarantinedError
from idh_tasks.imaging.extension_points import segment_tumour
from idh_tasks.imaging.head import head_mask
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.agreement import Agreement, agreement
from idh_tasks.imaging.outline.contained import check_contained
from idh_tasks.imaging.outline.delivered import (
    Candidate,
    DeliveredOutline,
    choose_outline,
    dicom_candidate,
    nifti_candidate,
)
from idh_tasks.imaging.outline.plausible import check_plausible
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.proposal import Proposal, ProposalImages, propose_tumour
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.remembered import remembered
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, StudyImages
from idh_tasks.store.objects import sha256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutlineProposal:
    """An outline made by the platform, with its hash and volume, and T2, FLAIR and the reference to judge it by.

    `doubts` say why the reviewer must look with special care; `figures` are those of the built-in segmenter.
    """

    mask: Mask
    sha256: str
    volume_ml: float
    shown_on: tuple[Float, Float, Float]
    doubts: tuple[str, ...]
    figures: Mapping[str, float]


class TumourOutline:
    """The outline of a study in the reference space; `accepted_sha256` is the hash of the proposal that may be used."""

    def __init__(self, images: StudyImages, accepted_sha256: str | None = None) -> None:
        self._images = images
        self._accepted_sha256 = accepted_sha256

    @property
    @remembered
    def mask(self) -> Mask:
        """Return the delivered outline, moved with the T2 on which it was drawn, or else an accepted proposal.

        Raises
        ------
        OutlineAwaitsReviewError
            ``W_ROI_PROPOSED`` if a proposal awaits review.
        StudyQuarantinedError
            ``E_NO_ROI`` if no outline can be proposed, ``E_ROI`` if the delivered one is implausible or not
            contained in the reference image.
        """
        if self.delivered is not None:
            return self._moved_with_t2(self.delivered.mask)
        if self.proposal.sha256 != self._accepted_sha256:
            doubts = "".join(f"; {doubt}" for doubt in self.proposal.doubts)
            raise OutlineAwaitsReviewError(
                Code.W_ROI_PROPOSED, f"no outline was delivered; a proposed one awaits review{doubts}"
            )
        return self.proposal.mask

    def _moved_with_t2(self, drawn: Volume) -> Mask:
        grid = self._images.reference.image.geometry
        transform = self._images.registration(MrSequence.T2).transform
        mask = resample(drawn, grid, transform, nearest=True).voxels > 0
        check_contained(drawn, grid, transform, self._images.settings.coverage_floor)
        check_plausible(mask, head_mask(self._images.reference.image), grid, self._images.settings)
        return mask

    @property
    @remembered
    def delivered(self) -> DeliveredOutline | None:
        """Return the delivered outline: a DICOM SEG, an RTSTRUCT or a NIfTI mask, in this order of preference.

        Raises
        ------
        StudyQuarantinedError
            ``E_ROI`` if it is uncertain what the tumour is, or several outlines disagree about it.
        SeriesRejectedError
            If there is no usable T2.
        """
        candidates = list(self._candidates())
        return choose_outline(candidates, self._t2, self._images.settings) if candidates else None

    def _candidates(self) -> Iterator[Candidate]:
        reader = self._images.reader
        for identification in (SEGMENTATION, STRUCTURE_SET):
            for series in reader.series:
                if series.identification == identification:
                    yield from (dicom_candidate(ds, series.sha256) for ds in reader.instances(series))
        content = reader.outline()
        if content is not None:
            yield nifti_candidate(content, sha256(content))

    @property
    @remembered
    def _t2(self) -> ReferenceImage:
        """Return the T2, on which outlines are drawn or with which they share the frame of reference."""
        source = self._images.source(MrSequence.T2)
        return source.drawn_on or ReferenceImage(source.image.geometry)

    @property
    @remembered
    def proposal(self) -> OutlineProposal:
        """Return an outline in the reference space, proposed from T2 and FLAIR or by the configured segmenter.

        Raises
        ------
        StudyQuarantinedError
            ``E_NO_ROI`` if T2 or FLAIR cannot be used.
        """
        try:
            t2, flair = self._images.aligned(MrSequence.T2), self._images.aligned(MrSequence.FLAIR)
        except SeriesRejectedError as error:
            raise StudyQuarantinedError(
                Code.E_NO_ROI, f"no outline was delivered, and none can be proposed: {error}"
            ) from None
        found, spacing = self._segmented(t2, flair), self._images.reference.image.geometry.spacing_mm
        mask = found.mask
        volume_ml = float(mask.sum()) * float(np.prod(spacing)) / 1000
        shown_on = (t2.voxels, flair.voxels, self._images.reference.image.voxels)
        digest = sha256(np.packbits(mask).tobytes())
        return OutlineProposal(mask, digest, round(volume_ml, 1), shown_on, found.doubts, found.figures)

    def _segmented(self, t2: AlignedImage, flair: AlignedImage) -> Proposal:
        name = self._images.settings.segmenter
        if name == "built-in":
            return self._proposed(t2, flair)
        return Proposal(segment_tumour(name, self._images.all_aligned(), self._images.reference.image))

    def _proposed(self, t2: AlignedImage, flair: AlignedImage) -> Proposal:
        reference = self._images.reference
        covered = self._images.brain & t2.covered & flair.covered
        after_contrast = None if reference.sequence is MrSequence.T2 else reference.image.voxels
        images = ProposalImages(t2.voxels, flair.voxels, after_contrast)
        return propose_tumour(images, covered, reference.image.geometry.spacing_mm)

    @property
    @remembered
    def agreement(self) -> Agreement:
        """Return how far a delivered outline agrees with T2 and FLAIR; nothing for a proposal, which a person accepted.

        Raises
        ------
        IdhError
            If there is no outline, or the T2 cannot be used.
        """
        if self.delivered is None:
            return Agreement({})
        images = [self._images.aligned(MrSequence.T2), *self._flair()]
        brain = np.logical_and.reduce([self._tissue(), *(image.covered for image in images)])
        spacing_mm = self._images.reference.image.geometry.spacing_mm
        voxels = [image.voxels for image in images]
        return agreement(self.mask, voxels, brain, spacing_mm, lambda: self._proposed_or_none(*images))

    def _tissue(self) -> Mask:
        """Return the brain where patches need it anyway, else the head."""
        if self._images.settings.normalisation == "brain_zscore":
            try:
                return self._images.brain
            except Exception as error:  # what needs no brain mask is not refused for it
                log.info("the outline is compared with the head: %s", as_refusal(error))
        return head_mask(self._images.reference.image)

    def _flair(self) -> list[AlignedImage]:
        try:
            return [self._images.aligned(MrSequence.FLAIR)]
        except Exception as error:  # a bad FLAIR costs itself, not the outline
            log.info("the outline is compared with the T2 only: %s", as_refusal(error))
            return []

    def _proposed_or_none(self, t2: AlignedImage, flair: AlignedImage) -> Mask | None:
        try:
            return self._proposed(t2, flair).mask
        except Exception as error:  # a proposal that fails confirms nothing
            log.info("the outline is not confirmed: %s", as_refusal(error))
            return None

    @property
    def figures(self) -> Mapping[str, float]:
        """Return what was measured of the outline, for the record: of a proposal, or how far a delivered one agrees."""
        return self.proposal.figures if self.delivered is None else self.agreement.figures

    @property
    def kind(self) -> str:
        """Return the format in which the outline was delivered, or ``proposal``."""
        return self.delivered.kind if self.delivered else "proposal"

    @property
    def sha256(self) -> str:
        """Return the hash of the outline."""
        return self.delivered.sha256 if self.delivered else self.proposal.sha256

    @property
    def drawn_on(self) -> tuple[MrSequence, ...]:
        """Return the sequences on which the outline was drawn."""
        return (MrSequence.T2,) if self.delivered else (MrSequence.T2, MrSequence.FLAIR)

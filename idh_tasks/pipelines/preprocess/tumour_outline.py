"""The tumour outline of one study: delivered by the hospital, or proposed or submitted, and accepted by a reviewer."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import OutlineAwaitsReviewError, SeriesRejectedError, StudyQuarantinedError
from idh_tasks.imaging.extension_points import segment_tumour
from idh_tasks.imaging.head import head_mask
from idh_tasks.imaging.outline.agreement import Agreement, agreement
from idh_tasks.imaging.outline.delivered import (
    Candidate,
    DeliveredOutline,
    choose_outline,
    dicom_candidate,
    nifti_candidate,
)
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.proposal import Proposal, ProposalImages, propose_tumour
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.remembered import remembered
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, StudyImages
from idh_tasks.pipelines.preprocess.submitted_outline import PlacedOutline, SubmittedOutline, moved, placed
from idh_tasks.store.objects import sha256

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutlineProposal:
    """An outline that a reviewer must accept, with its hash and volume, and the images to judge it by, reference first.

    `doubts` say why the reviewer must look with special care; `figures` are what was measured of it. `submitted_on` is
    the sequence on which a person drew it, None if the platform made it.
    """

    mask: Mask
    sha256: str
    volume_ml: float
    shown_on: Mapping[MrSequence, Float]
    doubts: tuple[str, ...]
    figures: Mapping[str, float]
    submitted_on: MrSequence | None = None


class TumourOutline:
    """The outline of a study in the reference space.

    Parameters
    ----------
    accepted
        The hashes of proposed or submitted outlines that may be used.
    submitted
        The outline that a person submitted last; it replaces a delivered one and the proposal.
    """

    def __init__(
        self, images: StudyImages, accepted: Collection[str] = (), submitted: SubmittedOutline | None = None
    ) -> None:
        self._images = images
        self._accepted = accepted
        self._submitted = submitted

    @property
    @remembered
    def mask(self) -> Mask:
        """Return the delivered outline, moved with the T2 on which it was drawn, or else one that was accepted.

        Raises
        ------
        OutlineAwaitsReviewError
            ``W_ROI_PROPOSED`` if a proposed or submitted outline awaits review.
        StudyQuarantinedError
            ``E_NO_ROI`` if no outline can be proposed, ``E_ROI`` if the delivered or submitted one is implausible
            or not contained in the reference image.
        """
        if self.delivered is not None:
            return moved(self.delivered.mask, MrSequence.T2, self._images)
        if self.proposal.sha256 not in self._accepted:
            doubts = "".join(f"; {doubt}" for doubt in self.proposal.doubts)
            which = "the submitted outline" if self._submitted else "no outline was delivered; a proposed one"
            raise OutlineAwaitsReviewError(Code.W_ROI_PROPOSED, f"{which} awaits review{doubts}")
        return self.proposal.mask

    @property
    @remembered
    def delivered(self) -> DeliveredOutline | None:
        """Return the delivered outline: a DICOM SEG, an RTSTRUCT or a NIfTI mask, in this order of preference.

        It is None as well if a person submitted another one.

        Raises
        ------
        StudyQuarantinedError
            ``E_ROI`` if it is uncertain what the tumour is, or several outlines disagree about it.
        SeriesRejectedError
            If there is no usable T2.
        """
        candidates = [] if self._submitted else list(self._candidates())
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
        """Return an outline in the reference space: submitted, or proposed from T2 and FLAIR or by a segmenter.

        Raises
        ------
        StudyQuarantinedError
            ``E_NO_ROI`` if T2 or FLAIR cannot be used, ``E_ROI`` if the submitted one cannot.
        """
        if self._submitted is not None:
            return self._of_person(self._submitted, placed(self._submitted.mask, self._images))
        try:
            t2, flair = self._images.aligned(MrSequence.T2), self._images.aligned(MrSequence.FLAIR)
        except SeriesRejectedError as error:
            raise StudyQuarantinedError(
                Code.E_NO_ROI, f"no outline was delivered, and none can be proposed: {error}"
            ) from None
        found = self._segmented(t2, flair)
        reference = self._images.reference
        shown_on = {
            reference.sequence: reference.image.voxels, MrSequence.T2: t2.voxels, MrSequence.FLAIR: flair.voxels
        }  # fmt: skip
        digest = sha256(np.packbits(found.mask).tobytes())
        return OutlineProposal(found.mask, digest, self._volume_ml(found.mask), shown_on, found.doubts, found.figures)

    def _of_person(self, submitted: SubmittedOutline, drawn: PlacedOutline) -> OutlineProposal:
        reference = self._images.reference
        images = {MrSequence.T2: self._usable(MrSequence.T2), MrSequence.FLAIR: self._usable(MrSequence.FLAIR)}
        usable = {sequence: image for sequence, image in images.items() if image is not None}
        shown_on = {reference.sequence: reference.image.voxels} | {name: one.voxels for name, one in usable.items()}
        compared = self._compared(drawn.mask, list(usable.values())) if MrSequence.T2 in usable else Agreement({})
        unlike = [f"it may not fit these images ({compared.notes})"] if compared.flags else []
        return OutlineProposal(
            drawn.mask, submitted.sha256, self._volume_ml(drawn.mask), shown_on, (*drawn.doubts, *unlike),
            compared.figures, drawn.drawn_on,
        )  # fmt: skip

    def _usable(self, sequence: MrSequence) -> AlignedImage | None:
        try:
            return self._images.aligned(sequence)
        except Exception as error:  # a bad image costs itself, not the outline
            log.info("the outline is not compared with the %s: %s", sequence, as_refusal(error))
            return None

    def _volume_ml(self, mask: Mask) -> float:
        spacing_mm = self._images.reference.image.geometry.spacing_mm
        return round(float(mask.sum()) * float(np.prod(spacing_mm)) / 1000, 1)

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
        flair = self._usable(MrSequence.FLAIR)
        return self._compared(self.mask, [self._images.aligned(MrSequence.T2), *([flair] if flair else [])])

    def _compared(self, mask: Mask, images: list[AlignedImage]) -> Agreement:
        """Return how far an outline agrees with the T2 and, where there is one, the FLAIR."""
        brain = np.logical_and.reduce([self._tissue(), *(image.covered for image in images)])
        spacing_mm = self._images.reference.image.geometry.spacing_mm
        voxels = [image.voxels for image in images]
        return agreement(mask, voxels, brain, spacing_mm, lambda: self._proposed_or_none(*images))

    def _tissue(self) -> Mask:
        """Return the brain where patches need it anyway, else the head."""
        if self._images.settings.normalisation == "brain_zscore":
            try:
                return self._images.brain
            except Exception as error:  # what needs no brain mask is not refused for it
                log.info("the outline is compared with the head: %s", as_refusal(error))
        return head_mask(self._images.reference.image)

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
        """Return the format in which the outline was delivered, or ``submitted`` or ``proposal``."""
        if self.delivered:
            return self.delivered.kind
        return "submitted" if self._submitted else "proposal"

    @property
    def sha256(self) -> str:
        """Return the hash of the outline."""
        return self.delivered.sha256 if self.delivered else self.proposal.sha256

    @property
    def drawn_on(self) -> tuple[MrSequence, ...]:
        """Return the sequences on which the outline was drawn."""
        if self.delivered:
            return (MrSequence.T2,)
        submitted_on = self.proposal.submitted_on
        return (submitted_on,) if submitted_on else (MrSequence.T2, MrSequence.FLAIR)

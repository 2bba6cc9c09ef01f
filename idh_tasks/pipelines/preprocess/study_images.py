"""The images of one study in one space: that of its MPRAGE, or of a substitute where the hospital allows one."""

from dataclasses import dataclass, replace

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.brain.extraction import BrainMask, extract
from idh_tasks.imaging.head import head_mask
from idh_tasks.imaging.itk import axial, isotropic, resample
from idh_tasks.imaging.registration import IDENTITY, Registration, check_registration, register
from idh_tasks.pipelines.preprocess.remembered import remembered
from idh_tasks.pipelines.preprocess.series_images import SeriesImages, SourceImage
from idh_tasks.pipelines.preprocess.series_reader import SeriesReader
from idh_tasks.settings import ImagingSettings

SUBSTITUTES = (MrSequence.T1C, MrSequence.T2)
"""What may define the space of a study without an MPRAGE, in order of preference."""
REFERENCE_MM = 1.0
"""Voxel size of a substitute, whose own slices are usually thick."""
WHOLE_HEAD = 0.98
"""Share of the head that a T1 must cover if the brain is segmented on it."""


@dataclass(frozen=True)
class Reference:
    """The image to whose space everything else is brought, in axial slices, and its sequence."""

    sequence: MrSequence
    image: Volume


@dataclass(frozen=True)
class AlignedImage:
    """An image in the reference space, the voxels in which it was measured, and its registration."""

    voxels: Float
    covered: Mask
    registration: Registration


class StudyImages:
    """The images of a study in the reference space; what several sequences share is made once, when first needed."""

    def __init__(self, reader: SeriesReader, settings: ImagingSettings) -> None:
        self.reader = reader
        self.settings = settings
        self._series_images = SeriesImages(reader, settings)

    def source(self, sequence: MrSequence) -> SourceImage:
        """Return the image of a sequence in its own space, as `SeriesImages.source` does."""
        return self._series_images.source(sequence)

    @property
    @remembered
    def reference(self) -> Reference:
        """Return the patient's MPRAGE; without one, and if the settings allow it, a T1 after contrast or else the T2.

        Raises
        ------
        SeriesRejectedError
            With the reason why there is no MPRAGE, if nothing else may define the space.
        """
        try:
            return Reference(MrSequence.MPRAGE, self.source(MrSequence.MPRAGE).image)
        except SeriesRejectedError as error:
            if self.settings.reference == "mprage":
                raise
            substitutes = filter(None, map(self._substitute, SUBSTITUTES))
            found = next(substitutes, None)
            if found is None:
                raise error from None
            return found

    def _substitute(self, sequence: MrSequence) -> Reference | None:
        try:
            return Reference(sequence, isotropic(axial(self.source(sequence).image), REFERENCE_MM))
        except SeriesRejectedError:
            return None

    @property
    def brain_mask(self) -> BrainMask:
        """Return the brain mask in the reference space, and how it was made.

        The methods are made for T1. In the space of a T2, the brain is segmented on the T1 of the study, which must
        cover the head; without one, on the T2 with the flag ``W_BRAIN_T2``.
        """
        return self._segmented[0]

    @property
    def brain_image(self) -> MrSequence:
        """Return the sequence of the image on which the brain mask was made."""
        return self._segmented[1]

    @property
    @remembered
    def _segmented(self) -> tuple[BrainMask, MrSequence]:
        reference = self.reference
        if reference.sequence is not MrSequence.T2:
            return extract(reference.image, self.settings), reference.sequence
        t1 = self._t1_of_whole_head()
        if t1 is not None:
            return extract(t1, self.settings), MrSequence.T1
        found = extract(reference.image, self.settings)
        return replace(found, flags=(*found.flags, Code.W_BRAIN_T2)), MrSequence.T2

    def _t1_of_whole_head(self) -> Volume | None:
        try:
            t1 = self.aligned(MrSequence.T1)
        except SeriesRejectedError:
            return None
        whole = bool(t1.covered[head_mask(self.reference.image)].mean() >= WHOLE_HEAD)
        return Volume(t1.voxels, self.reference.image.geometry) if whole else None

    @property
    def brain(self) -> Mask:
        """Return the brain mask in the reference space."""
        return self.brain_mask.mask

    @remembered
    def registration(self, sequence: MrSequence) -> Registration:
        """Return the registration of a sequence to the reference.

        Raises
        ------
        SeriesRejectedError
            ``E_REG_QC`` if it is not good enough.
        """
        if sequence is self.reference.sequence:
            return IDENTITY
        registration = register(self.reference.image, self.source(sequence).anatomy)
        check_registration(registration, self.settings)
        return registration

    def aligned(self, sequence: MrSequence) -> AlignedImage:
        """Resample the image of a sequence to the reference space."""
        source, grid = self.source(sequence), self.reference.image.geometry
        image, registration = source.image, self.registration(sequence)
        if image.geometry == grid:
            return AlignedImage(image.voxels, source.measured, registration)
        measured = Volume(source.measured.astype(np.float32), image.geometry)
        covered = resample(measured, grid, registration.transform, nearest=True).voxels > 0
        return AlignedImage(resample(image, grid, registration.transform).voxels, covered, registration)

    def all_aligned(self) -> dict[MrSequence, Volume]:
        """Return every image of the study that can be brought to the reference space."""
        volumes = {}
        for sequence in MODEL_SEQUENCES:
            try:
                volumes[sequence] = Volume(self.aligned(sequence).voxels, self.reference.image.geometry)
            except SeriesRejectedError:
                continue
        return volumes

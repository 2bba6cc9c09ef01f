"""The images of one study in the space of its MPRAGE."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.brain.extraction import BrainMask, extract
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.registration import IDENTITY, Registration, check_registration, register
from idh_tasks.pipelines.preprocess.series_images import SeriesImages, SourceImage
from idh_tasks.pipelines.preprocess.series_reader import SeriesReader
from idh_tasks.settings import ImagingSettings


@dataclass(frozen=True)
class AlignedImage:
    """An image in MPRAGE space, the voxels that it covers, and its registration."""

    voxels: Float
    covered: Mask
    registration: Registration


class StudyImages:
    """The images of a study in MPRAGE space; what several sequences share is made once, when it is first needed."""

    def __init__(self, reader: SeriesReader, settings: ImagingSettings) -> None:
        self.reader = reader
        self.settings = settings
        self._series_images = SeriesImages(reader, settings)
        self._registrations: dict[MrSequence, Registration] = {}

    def source(self, sequence: MrSequence) -> SourceImage:
        """Return the image of a sequence in its own space, as `SeriesImages.source` does."""
        return self._series_images.source(sequence)

    @cached_property
    def mprage(self) -> Volume:
        """Return the patient's MPRAGE in axial slices, to which everything else is registered."""
        return self.source(MrSequence.MPRAGE).image

    @cached_property
    def brain_mask(self) -> BrainMask:
        """Return the brain mask in MPRAGE space, and how it was made."""
        return extract(self.mprage, self.settings)

    @property
    def brain(self) -> Mask:
        """Return the brain mask in MPRAGE space."""
        return self.brain_mask.mask

    def registration(self, sequence: MrSequence) -> Registration:
        """Return the registration of a sequence to the MPRAGE.

        Raises
        ------
        SeriesRejectedError
            ``E_REG_QC`` if it is not good enough.
        """
        if sequence is MrSequence.MPRAGE:
            return IDENTITY
        if sequence not in self._registrations:
            registration = register(self.mprage, self.source(sequence).anatomy)
            check_registration(registration, self.settings)
            self._registrations[sequence] = registration
        return self._registrations[sequence]

    def aligned(self, sequence: MrSequence) -> AlignedImage:
        """Resample the image of a sequence to MPRAGE space."""
        registration, image, grid = self.registration(sequence), self.source(sequence).image, self.mprage.geometry
        if sequence is MrSequence.MPRAGE:
            return AlignedImage(self.mprage.voxels, np.ones(grid.shape, dtype=bool), registration)
        ones = Volume(np.ones_like(image.voxels), image.geometry)
        covered = resample(ones, grid, registration.transform, nearest=True).voxels > 0
        return AlignedImage(resample(image, grid, registration.transform).voxels, covered, registration)

    def all_aligned(self) -> dict[MrSequence, Volume]:
        """Return every image of the study that can be brought to MPRAGE space."""
        volumes = {}
        for sequence in MODEL_SEQUENCES:
            try:
                volumes[sequence] = Volume(self.aligned(sequence).voxels, self.mprage.geometry)
            except SeriesRejectedError:
                continue
        return volumes

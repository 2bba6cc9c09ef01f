"""Collects the pictures of a study's slices while its patches are cut, so that no volume is kept or made again."""

import logging
from dataclasses import replace

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.slices import SliceLayout, Window
from idh_tasks.domain.volume import Mask
from idh_tasks.errors import IdhError, SeriesRejectedError
from idh_tasks.imaging.patch import widest_rectangle
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.remembered import remembered
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.reporting.outline_figure import OUTLINE as COLOUR
from idh_tasks.reporting.slices import SlicePlan, plan_slices

log = logging.getLogger(__name__)

OUTLINE = "outline"
"""Name of the picture of the outline; the others have the names of their sequences."""


class StudyViews:
    """The pictures of one study in the reference space, also of a sequence that gets no patch."""

    def __init__(self, images: StudyImages, outline: TumourOutline) -> None:
        self._images = images
        self._outline = outline
        self.pictures: dict[str, bytes] = {}
        self._windows: dict[str, Window] = {}

    def add(self, sequence: MrSequence, aligned: AlignedImage, unit: str = "") -> None:
        """Draw an image; what cannot be drawn is left out, because no patch depends on it."""
        try:
            self.pictures[sequence.value] = self.plan.picture(aligned.voxels)
            if unit:
                self._windows[sequence.value] = Window(*self.plan.window(aligned.voxels), unit)
            if OUTLINE not in self.pictures and self._tumour.any():
                self.pictures[OUTLINE] = self.plan.outline(self._tumour, COLOUR)
        except Exception as error:  # a picture must not cost a patch
            log.info("no picture of %s: %s", sequence, as_refusal(error))

    @property
    def layout(self) -> SliceLayout:
        """Return where the slices are in the pictures, and how the values of images with a unit are shown."""
        return replace(self.plan.layout, windows=self._windows)

    @property
    @remembered
    def plan(self) -> SlicePlan:
        """Return what the pictures show.

        Raises
        ------
        IdhError
            If there is no brain mask, without which a picture could show a face.
        """
        brain, tumour = self._images.brain, self._tumour
        if not brain.any():
            raise SeriesRejectedError(Code.E_BRAIN_MASK, "the brain mask is empty")
        through = widest_rectangle(tumour).slice_index if tumour.any() else int(np.median(np.nonzero(brain)[0]))
        return plan_slices(self._images.reference.image.geometry, brain, tumour, through)

    @property
    @remembered
    def _tumour(self) -> Mask:
        try:
            return self._outline.mask
        except IdhError as error:  # images without an outline help to see why
            log.info("the pictures show no outline: %s", error.code)
            return np.zeros_like(self._images.brain)

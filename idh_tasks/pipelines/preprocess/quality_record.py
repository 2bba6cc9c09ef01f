"""What is recorded about the quality of a patch: figures by name, and codes of findings."""

from collections.abc import Mapping

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.preprocess.distortion import distortion_of
from idh_tasks.pipelines.preprocess.study_images import StudyImages

Figures = Mapping[str, float]


def quality_record(
    images: StudyImages, sequence: MrSequence, measured: Figures, found: tuple[Code, ...]
) -> dict[str, object]:
    """Return the finite figures of a sequence with its flags; noise-free images and the reference have infinite ones.

    Parameters
    ----------
    measured, found
        Figures and flags of the patch itself.
    """
    source, registration = images.source(sequence), images.registration(sequence)
    brain_figures, brain_flags, extractor = _brain(images)
    distortion = distortion_of(images, sequence)
    figures = {
        **vars(source.quality),
        **source.figures,
        **brain_figures,
        **registration.figures(),
        **measured,
        "distortion_mm": distortion.mismatch_mm if distortion else float("nan"),
    }
    substitute = images.reference.sequence is not MrSequence.MPRAGE
    flags = (*source.flags, *brain_flags, *(distortion.flags if distortion else ()), *found)
    finite = {name: round(value, 4) for name, value in figures.items() if np.isfinite(value)}
    return finite | extractor | {"flags": [*flags, *(Code.W_REFERENCE,) * substitute]}


def _brain(images: StudyImages) -> tuple[Figures, tuple[Code, ...], dict[str, object]]:
    """Return how the brain mask was made, where it decides the values of the patch."""
    if images.settings.normalisation != "brain_zscore":
        return {}, (), {}
    brain = images.brain_mask
    return brain.figures, brain.flags, {"brain_extractor": brain.extractor}

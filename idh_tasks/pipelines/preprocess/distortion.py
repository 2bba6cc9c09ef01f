"""Measures how far the diffusion images of one study are distorted against its T2."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.epi import array_axis, distortion_flags, epi_mismatch_mm
from idh_tasks.imaging.itk import resample
from idh_tasks.pipelines.preprocess.series_images import SourceImage
from idh_tasks.pipelines.preprocess.study_images import StudyImages


@dataclass(frozen=True)
class Distortion:
    """Mismatch along the phase-encoding axis in mm, and the flag that it raises."""

    mismatch_mm: float
    flags: tuple[Code, ...]


def distortion_of(images: StudyImages, sequence: MrSequence) -> Distortion | None:
    """Compare the lowest b-value with the T2; None for other sequences, or where axis or T2 are unknown."""
    source = images.source(sequence)
    axis = _phase_encoding(source)
    if sequence is not MrSequence.ADC or axis is None:
        return None
    try:
        t2 = images.aligned(MrSequence.T2)
    except SeriesRejectedError:
        return None
    grid, covered = images.reference.image.geometry, images.aligned(sequence).covered & t2.covered
    b0 = resample(source.anatomy, grid, images.registration(sequence).transform).voxels
    along = array_axis(axis, grid)
    mismatch_mm = epi_mismatch_mm(b0, t2.voxels, images.brain & covered, along, grid.spacing_mm)
    return Distortion(mismatch_mm, distortion_flags(mismatch_mm, images.settings))


def _phase_encoding(source: SourceImage) -> Triple | None:
    """Return the phase-encoding axis in the patient, if the series states it."""
    x, y, z = (source.figures.get(f"phase_encoding_{axis}") for axis in "xyz")
    return None if x is None or y is None or z is None else (x, y, z)

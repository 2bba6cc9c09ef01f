"""How a changed series is read, and when the result counts as right."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Series4D, Volume
from idh_tasks.imaging.assembly import assemble_over_time
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.registration import Registration
from idh_tasks.phantom.tissue import TUMOUR, Tissue
from idh_tasks.pipelines.preprocess.cut_patches import CutPatch, PatchCutter
from idh_tasks.pipelines.preprocess.quality_record import quality_record
from idh_tasks.pipelines.preprocess.series_choice import usable_series
from idh_tasks.pipelines.preprocess.series_images import SeriesImages, SourceImage
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from tools.overlap import dice
from tools.phantom_scan import SURFACE
from tools.planted.case import Case
from tools.planted.study import SETTINGS, Series, Study, cutter, reader, still

Points = NDArray[np.float64]
Move = Callable[[Points], Points]

SAME_SHARE, SAME_SIGNAL = 0.99, 0.02
"""Images are the same if this share of the tissue differs by at most this fraction of the signal."""
TISSUE = 0.1
"""Fraction of the signal below which there is only air, which may have been replaced by padding."""
SAME_GRID_MM = 0.5
SAME_RATIO = 0.1
SAME_ADC = 0.05
SAME_PATCH = 0.98
SAME_DICE = 0.95
SAME_PLACE_MM = 3.0
BRIGHTEST = 25
"""Number of voxels that contain most of a tissue, by which maps are compared."""


def image_case(study: Study, sequence: MrSequence, *changed: Series) -> Case:
    """Return a changed static series, which is right if its image is the same up to a factor."""
    return _source_case(study, sequence, changed, lambda source: same_image(source.image, study.volume(sequence)))


def _source_case(
    study: Study, sequence: MrSequence, changed: Sequence[Series], is_right: Callable[[SourceImage], bool]
) -> Case:
    return Case(
        lambda: SeriesImages(reader(changed), SETTINGS).source(sequence),
        is_right,
        lambda source: set(source.flags) - set(study.images.source(sequence).flags),
    )


def same_image(image: Volume, truth: Volume) -> bool:
    """Return whether two images show the same at the same places, whatever their unit and the order of slices."""
    sizes = [np.sort(np.abs(v.geometry.axes() @ v.geometry.shape[::-1])) for v in (image, truth)]
    moved = resample(truth, image.geometry, sitk.Transform(3, sitk.sitkIdentity)).voxels
    one, other = (voxels / np.percentile(voxels, 99) for voxels in (image.voxels, moved))
    tissue = other > TISSUE
    same = float((np.abs(one - other)[tissue] <= SAME_SIGNAL).mean())
    dark = float((np.abs(one[~tissue]) < 2 * TISSUE).mean())
    return bool(np.abs(sizes[0] - sizes[1]).max() < SAME_GRID_MM and min(same, dark) > SAME_SHARE)


def order_case(study: Study, *changed: Series) -> Case:
    """Return a changed perfusion series, which is right if its volumes come in order, with the right step."""
    frames = study.patient.series[MrSequence.DSC][2].frames.astype(np.float32)
    whole = rcbv_case(study, *changed)
    return Case(
        lambda: _dynamic(changed), lambda dsc: _in_order(dsc, frames, study), lambda _: whole.flags(whole.read())
    )


def _dynamic(changed: Sequence[Series]) -> Series4D:
    read = reader(changed)
    return assemble_over_time(read.instances(usable_series(read.series, MrSequence.DSC)[0]))


def _in_order(dsc: Series4D, frames: Float, study: Study) -> bool:
    tr_s = study.patient.series[MrSequence.DSC][0].timing.tr / 1000
    step_s = dsc.steps[1] - dsc.steps[0]
    same = dsc.voxels.shape == frames.shape and np.array_equal(dsc.voxels, frames)
    return same and abs(step_s - tr_s) < 0.05 * tr_s


def rcbv_case(study: Study, *changed: Series) -> Case:
    """Return a changed perfusion series, which is right if the ratio of tumour to white matter is the same."""
    usual = study.images.source(MrSequence.RCBV).image
    return _source_case(
        study,
        MrSequence.RCBV,
        changed,
        lambda source: abs(ratio(study, source.image) / ratio(study, usual) - 1) < SAME_RATIO,
    )


def ratio(study: Study, rcbv: Volume) -> float:
    """Return the blood volume of the solid tumour, or of one that does not enhance, relative to white matter."""
    fractions = study.patient.fractions(MrSequence.DSC)
    solid = Tissue.RIM if fractions[Tissue.RIM].any() else Tissue.OEDEMA
    tumour, white = (_mean_of(rcbv.voxels, fractions[tissue]) for tissue in (solid, Tissue.WHITE))
    return tumour / white if white else float("inf")


def _mean_of(voxels: Float, fraction: Float) -> float:
    most = np.argsort(fraction.ravel())[-BRIGHTEST:]
    return float(voxels.ravel()[most].mean())


def adc_case(study: Study, *changed: Series) -> Case:
    """Return a changed diffusion series or ADC map, which is right if the ADC of white matter and tumour is."""
    return _source_case(study, MrSequence.ADC, changed, lambda source: _same_adc(study, source.image))


def _same_adc(study: Study, image: Volume) -> bool:
    fractions, truth = study.patient.fractions(MrSequence.DWI), study.images.source(MrSequence.ADC).image
    if image.voxels.shape != truth.voxels.shape:
        return False
    tumour = fractions[list(TUMOUR)].sum(axis=0)
    pairs = [(_mean_of(v.voxels, f) for v in (image, truth)) for f in (fractions[Tissue.WHITE], tumour)]
    return all(abs(one / other - 1) < SAME_ADC for one, other in pairs)


def place_case(
    study: Study, sequence: MrSequence, changed: Series, move: Move | None, of: MrSequence | None = None
) -> Case:
    """Return a changed series, which is right if its registration finds how its coordinates were changed.

    Parameters
    ----------
    move
        Takes points of the patient to the coordinates in which the changed header shows them; None if no transform
        is right.
    of
        The changed series, if a map of it is registered.
    """
    images = StudyImages(reader(study.changed(of or sequence, changed)), SETTINGS)
    return Case(
        lambda: images.registration(sequence),
        lambda registration: _same_place(registration, move),
        lambda _: _flags(quality_record(images, sequence, {}, ())) - set(study.images.source(sequence).flags),
    )


def _flags(quality: Mapping[str, Any]) -> set[str]:
    return set(quality["flags"])


def _same_place(registration: Registration, move: Move | None) -> bool:
    if move is None:
        return False
    found = np.array([registration.transform.TransformPoint(point) for point in SURFACE.tolist()])
    return float(np.linalg.norm(found - move(SURFACE), axis=1).max()) < SAME_PLACE_MM


def patch_case(study: Study, sequence: MrSequence, changed: Series, of: MrSequence | None = None) -> Case:
    """Return a changed series, which is right if the patch of a sequence is the same; `of` is the changed series."""
    images = still(study.changed(of or sequence, changed), study.outline)
    return Case(
        lambda: cutter(images).cut(sequence),
        lambda cut: _same_patch(cut, study.patch(sequence)),
        lambda cut: _flags(cut.quality) - _flags(study.patch(sequence).quality),
    )


def _same_patch(one: CutPatch, other: CutPatch) -> bool:
    return float(np.corrcoef(one.patch.ravel(), other.patch.ravel())[0, 1]) > SAME_PATCH


def outline_case(study: Study, mask: bytes | None, *segmentations: Dataset) -> Case:
    """Return a study with other outlines, which is right if the tumour is marked nevertheless."""
    images = still([*study.series.values(), *([seg] for seg in segmentations)], mask)
    outline, usual = TumourOutline(images), study.patch(MrSequence.T2)
    return Case(
        lambda: outline.mask,
        lambda found: dice(found, study.marked) > SAME_DICE,
        lambda _: _flags(PatchCutter(images, outline).cut(MrSequence.T2).quality) - _flags(usual.quality),
    )

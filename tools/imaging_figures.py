"""Takes one phantom patient through the imaging stage as a night does, and compares each result with the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Geometry, Mask
from idh_tasks.errors import IdhError, SeriesRejectedError
from idh_tasks.imaging.perfusion import compute_rcbv
from idh_tasks.phantom.acquisition import Displacement, sample
from idh_tasks.phantom.patient import REFERENCES
from idh_tasks.phantom.protocol import Recipe
from idh_tasks.phantom.signal import magnitude
from idh_tasks.phantom.tissue import TUMOUR, Tissue
from idh_tasks.phantom.variant import Variant
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import ImagingSettings
from tools.overlap import OutlineAgreement, compare, dice
from tools.phantom_scan import SURFACE, ScannedPatient, scan, series4d

SETTINGS = ImagingSettings(reference="substitute")
PURE = 0.95
UNMIXED = 0.999
"""Fraction of one tissue in the voxels whose ADC is compared: even a little CSF is bright and diffuses fast."""
COMPARED = (Tissue.GREY, Tissue.WHITE, Tissue.RIM, Tissue.OEDEMA, Tissue.NECROSIS)


@dataclass(frozen=True)
class RcbvResult:
    """Correlation of rCBV with the truth in the brain, and its relative bias in the rim."""

    correlation: float
    bias: float


@dataclass
class Figures:
    """All figures of one patient; what was refused has a code instead.

    Attributes
    ----------
    registration
        Errors at eight points on the surface of the brain in mm, by sequence.
    brain
        Dice of the brain mask with everything inside the skull.
    adc_bias
        Relative bias by tissue.
    refused
        The code by what was refused: a sequence, ``brain`` or ``outline``.
    """

    variant: str
    registration: dict[MrSequence, NDArray[np.float64]] = field(default_factory=dict)
    brain: float | None = None
    outline: OutlineAgreement | None = None
    adc_bias: dict[Tissue, float] = field(default_factory=dict)
    corrected: RcbvResult | None = None
    uncorrected: RcbvResult | None = None
    refused: dict[str, Code] = field(default_factory=dict)


def figures(number: int, variant: Variant) -> Figures:
    """Return all figures of one patient."""
    patient, result = scan(number, variant), Figures(variant.name)
    images = StudyImages(patient.delivered(), SETTINGS)
    _add_registrations(result, patient, images)
    _add_masks(result, patient, images)
    _add_maps(result, patient, images)
    return result


def _add_registrations(result: Figures, patient: ScannedPatient, images: StudyImages) -> None:
    for sequence, (_, displacement, _) in patient.series.items():
        if sequence in REFERENCES:
            continue
        map_of = {MrSequence.DWI: MrSequence.ADC, MrSequence.DSC: MrSequence.RCBV}
        try:
            transform = images.registration(map_of.get(sequence, sequence)).transform
        except SeriesRejectedError as error:
            result.refused[sequence] = error.code
            continue
        points = np.array([transform.TransformPoint(point) for point in SURFACE.tolist()])
        moved = points @ displacement.matrix().T + displacement.shift_mm
        result.registration[sequence] = np.linalg.norm(moved - SURFACE, axis=1)


def _add_masks(result: Figures, patient: ScannedPatient, images: StudyImages) -> None:
    grid = images.reference.image.geometry
    try:
        result.brain = dice(images.brain, _on_grid(patient.anatomy.labels >= Tissue.CSF, patient, grid))
    except IdhError as error:
        result.refused["brain"] = error.code
    try:
        proposed = TumourOutline(images).proposal.mask
    except IdhError as error:
        result.refused["outline"] = error.code
    else:
        tumour = _on_grid(np.isin(patient.anatomy.labels, TUMOUR), patient, grid)
        result.outline = compare(proposed, tumour, grid.spacing_mm)


def _on_grid(mask: Mask, patient: ScannedPatient, grid: Geometry) -> Mask:
    return sample(mask.astype(np.float32), patient.anatomy.geometry, grid, Displacement()) > 0.5


def _add_maps(result: Figures, patient: ScannedPatient, images: StudyImages) -> None:
    for sequence, source in ((MrSequence.ADC, MrSequence.DWI), (MrSequence.RCBV, MrSequence.DSC)):
        try:
            voxels = images.source(sequence).image.voxels
        except SeriesRejectedError as error:
            result.refused[source] = error.code
            continue
        if sequence is MrSequence.ADC:
            result.adc_bias = dict(_adc_biases(patient, voxels))
        else:
            result.corrected = _rcbv_result(patient, voxels)
            recipe, _, acquired = patient.series[source]
            plain = compute_rcbv(series4d(recipe, acquired), leakage=False)
            result.uncorrected = _rcbv_result(patient, plain.rcbv.voxels)


def _adc_biases(patient: ScannedPatient, adc: Float) -> Mapping[Tissue, float]:
    """Return the relative bias of the mean ADC of each tissue, in voxels that contain nothing else."""
    fractions, tissues = patient.fractions(MrSequence.DWI), patient.biology.properties()
    pure = {tissue: fractions[tissue] > UNMIXED for tissue in COMPARED}
    return {t: float(adc[mask].mean() / tissues[t].adc - 1) for t, mask in pure.items() if mask.sum() > 20}


def _rcbv_result(patient: ScannedPatient, rcbv: Float) -> RcbvResult:
    """Compare rCBV with the truth, both relative to white matter."""
    recipe, fractions = patient.series[MrSequence.DSC][0], patient.fractions(MrSequence.DSC)
    truth = _true_cbv(patient, recipe, fractions)
    brain: Mask = fractions[Tissue.CSF :].sum(axis=0) > PURE
    brain &= fractions[Tissue.CSF] < 0.5
    white, rim = fractions[Tissue.WHITE] > PURE, fractions[Tissue.RIM] > 0.8
    if not rim.any():
        rim = fractions[Tissue.OEDEMA] > 0.8
    correlation = np.corrcoef(rcbv[brain], truth[brain])[0, 1]
    measured, true = rcbv[rim].mean() / rcbv[white].mean(), truth[rim].mean() / truth[white].mean()
    return RcbvResult(float(correlation), float(measured / true - 1))


def _true_cbv(patient: ScannedPatient, recipe: Recipe, fractions: NDArray[np.float32]) -> Float:
    """Return the blood volume of the mixture in every voxel, with each tissue weighted by its signal."""
    tissues = patient.biology.properties()
    signal = np.array([magnitude(tissues[t], recipe.timing) for t in Tissue])[:, None, None, None] * fractions
    blood = np.array([tissues[t].cbv for t in Tissue])[:, None, None, None]
    return np.asarray((signal * blood).sum(axis=0) / np.maximum(signal.sum(axis=0), 1e-9), dtype=np.float32)

"""From the instances of a diffusion series to an ADC map, with what was measured on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.dialect import b_value
from idh_tasks.dicom.diffusion_image import measured_images
from idh_tasks.dicom.gradient import gradient
from idh_tasks.domain.volume import Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b
from idh_tasks.imaging.directions import IMBALANCE_LIMIT, trace_weights
from idh_tasks.imaging.dwi_motion import align_to_lowest_b
from idh_tasks.imaging.epi import phase_axis, phase_reversed
from idh_tasks.imaging.vendor_adc import median_of_middle
from idh_tasks.settings import ImagingSettings

LEAST_RANGE = 200.0
"""Least range of b-values in s/mm²: over a smaller one, perfusion and noise change the signal as much as diffusion."""
PLAUSIBLE = (250.0, 2500.0)
"""Range of the median ADC in the middle of a head, in 10⁻⁶ mm²/s; along a single direction it may be low."""


@dataclass(frozen=True)
class ComputedAdc:
    """A computed ADC map.

    Attributes
    ----------
    lowest_b
        The volume of the lowest b-value, on whose grid and at whose position the map is.
    flags, figures
        As in `SourceImage`: findings that do not exclude the map, and what was measured.
    """

    adc: Volume
    lowest_b: Volume
    flags: tuple[Code, ...]
    figures: Mapping[str, float]


def compute_adc(instances: Sequence[Dataset], settings: ImagingSettings) -> ComputedAdc:
    """Assemble a diffusion series, correct motion between its b-values and fit the ADC.

    Raises
    ------
    SeriesRejectedError
        As `assemble_over_b` and `fit_adc` do.
    """
    fitted = adc_of(assemble_over_b(instances), settings)
    imbalance = direction_imbalance(measured_images(instances))
    flags = fitted.flags + (Code.W_DIRECTIONS,) * (imbalance > IMBALANCE_LIMIT)
    figures = {**fitted.figures, "direction_imbalance": imbalance, **_phase_encoding(instances)}
    return ComputedAdc(fitted.adc, fitted.lowest_b, flags, figures)


def adc_of(dwi: Series4D, settings: ImagingSettings) -> ComputedAdc:
    """Correct motion between the volumes of a series and fit the ADC.

    Raises
    ------
    SeriesRejectedError
        ``E_B_VALUES`` if the b-values are too close to one another, ``E_ADC_VALUES`` if the result is not the ADC of a
        head, and the codes of `fit_adc`.
    """
    _check_range(dwi.steps)
    aligned, between_b_mm = align_to_lowest_b(dwi)
    movement_mm = float(np.fmax(between_b_mm, dwi.figures.get("movement_mm", np.nan)))
    moved = (Code.W_DWI_MOTION,) * (movement_mm > settings.movement_limit_mm)
    uneven = (Code.W_DWI_VOLUMES,) * bool(dwi.figures.get("uneven_volumes"))
    adc = fit_adc(aligned)
    _check_median(adc)
    return ComputedAdc(adc, Volume(aligned.voxels[0], aligned.geometry), moved + uneven, {"movement_mm": movement_mm})


def _check_range(b_values: Sequence[float]) -> None:
    if b_values[-1] - b_values[0] < LEAST_RANGE:
        raise SeriesRejectedError(
            Code.E_B_VALUES,
            f"b-values from {b_values[0]:g} to {b_values[-1]:g} s/mm² are too close to measure diffusion,"
            f" {LEAST_RANGE:g} are needed between them",
        )


def _check_median(adc: Volume) -> None:
    median = median_of_middle(adc.voxels)
    if not PLAUSIBLE[0] <= median <= PLAUSIBLE[1]:
        raise SeriesRejectedError(
            Code.E_ADC_VALUES, f"the middle of the head has a median ADC of {median:.0f} · 10⁻⁶ mm²/s"
        )


def direction_imbalance(instances: Sequence[Dataset]) -> float:
    """Return the imbalance of the directions of a series (`trace_weights`); 0 if none is stated (trace images)."""
    weighted = (gradient(ds) for ds in instances if b_value(ds))
    directions = sorted({direction for direction in weighted if direction is not None})
    return trace_weights(directions)[1] if directions else 0.0


def _phase_encoding(instances: Sequence[Dataset]) -> dict[str, float]:
    """Return the axis in the patient as absolute cosines, and whether it was reversed (1 or 0), where stated."""
    axis, backwards = phase_axis(instances), phase_reversed(instances)
    figures = {} if axis is None else {f"phase_encoding_{name}": abs(c) for name, c in zip("xyz", axis, strict=True)}
    return figures if backwards is None else figures | {"phase_encoding_reversed": float(backwards)}

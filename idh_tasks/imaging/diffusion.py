"""From the instances of a diffusion series to an ADC map, with what was measured on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.dialect import b_value
from idh_tasks.dicom.gradient import gradient
from idh_tasks.domain.volume import Series4D, Volume
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b
from idh_tasks.imaging.directions import IMBALANCE_LIMIT, trace_weights
from idh_tasks.imaging.dwi_motion import align_to_lowest_b
from idh_tasks.imaging.epi import phase_axis
from idh_tasks.settings import ImagingSettings


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
    imbalance = direction_imbalance(instances)
    flags = fitted.flags + (Code.W_DIRECTIONS,) * (imbalance > IMBALANCE_LIMIT)
    figures = {**fitted.figures, "direction_imbalance": imbalance, **_phase_encoding(instances)}
    return ComputedAdc(fitted.adc, fitted.lowest_b, flags, figures)


def adc_of(dwi: Series4D, settings: ImagingSettings) -> ComputedAdc:
    """Correct motion between the volumes of a series and fit the ADC.

    Raises
    ------
    SeriesRejectedError
        As `fit_adc` does.
    """
    aligned, movement_mm = align_to_lowest_b(dwi)
    flags = (Code.W_DWI_MOTION,) * (movement_mm > settings.movement_limit_mm)
    lowest_b = Volume(aligned.voxels[0], aligned.geometry)
    return ComputedAdc(fit_adc(aligned), lowest_b, flags, {"movement_mm": movement_mm})


def direction_imbalance(instances: Sequence[Dataset]) -> float:
    """Return the imbalance of the directions of a series (`trace_weights`); 0 if none is stated (trace images)."""
    weighted = (gradient(ds) for ds in instances if b_value(ds))
    directions = sorted({direction for direction in weighted if direction is not None})
    return trace_weights(directions)[1] if directions else 0.0


def _phase_encoding(instances: Sequence[Dataset]) -> dict[str, float]:
    axis = phase_axis(instances)
    return {} if axis is None else {f"phase_encoding_{name}": abs(c) for name, c in zip("xyz", axis, strict=True)}

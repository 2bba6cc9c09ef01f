"""Brings a delivered ADC map to 10⁻⁶ mm²/s."""

from collections.abc import Sequence

import numpy as np
from pydicom import Dataset
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.dicom.diffusivity import Mapping, stated_mappings
from idh_tasks.domain.volume import Float, Volume
from idh_tasks.errors import SeriesRejectedError

PLAUSIBLE = (400.0, 2500.0)
"""Range of the median ADC in the middle of a head, in 10⁻⁶ mm²/s; less than one power of ten wide."""
USUAL_FACTORS = (1.0, 1e1, 1e3, 1e6)
"""Maps without a unit are in 10⁻⁶, 10⁻⁵ or 10⁻³ mm²/s or in mm²/s."""
GREY_LEVELS_BITS = 8
"""Maps with so few bits are pictures in grey levels."""
TOLERANCE = 1e-3
BRAIN, FLUID = (600.0, 1300.0), (2400.0, 3700.0)
"""ADC of brain and of its fluid in 10⁻⁶ mm²/s that confirm the scale of a map."""
SCALED_DOWN = (560.0, 2000.0)
"""No head has both a lower median and a lower ADC of fluid."""
FLUID_PERCENTILE = 99.5


def vendor_adc(volume: Volume, instances: Sequence[Dataset]) -> Volume:
    """Return a delivered ADC map in 10⁻⁶ mm²/s.

    A unit that the header states is used; without one, the only usual unit in which the middle of the head has the ADC
    of brain.

    Parameters
    ----------
    volume
        The map with rescale slope and intercept applied.

    Raises
    ------
    SeriesRejectedError
        ``E_ADC_UNIT`` if stated units contradict one another, or if no unit gives plausible values.
    """
    mapping = _stated(instances) or Mapping(_usual_factor(volume, instances), 0.0)
    adc = np.asarray(volume.voxels * mapping.slope + mapping.intercept, dtype=np.float32)
    median = median_of_middle(adc)
    if not PLAUSIBLE[0] <= median <= PLAUSIBLE[1]:
        raise SeriesRejectedError(
            Code.E_ADC_UNIT, f"in the stated unit the brain has an ADC of {median:.3g} · 10⁻⁶ mm²/s"
        )
    return Volume(adc, volume.geometry)


def unit_doubts(adc: Volume, instances: Sequence[Dataset]) -> tuple[tuple[Code, ...], dict[str, float]]:
    """Return whether the values of a map in 10⁻⁶ mm²/s leave doubts about its unit, and the figures.

    A unit that is assumed is right to a power of ten, but a map may have been scaled by another factor. Fluid has the
    ADC of free water at 37 °C, about 3000 (Mills, J Phys Chem 1973); with that and the ADC of brain, the scale is
    confirmed.

    Returns
    -------
    tuple
        ``W_ADC_UNIT`` if the unit is not stated and not confirmed; the ADC of brain and of fluid.

    Raises
    ------
    SeriesRejectedError
        ``E_ADC_UNIT`` if both brain and fluid have less than living tissue has.
    """
    figures = {"adc_of_brain": median_of_middle(adc.voxels), "adc_of_fluid": _fluid(adc.voxels)}
    brain, fluid = figures.values()
    if _stated(instances) is not None:
        return (), figures
    if brain < SCALED_DOWN[0] and fluid < SCALED_DOWN[1]:
        reason = f"no unit is stated, and brain and fluid have {brain:.0f} and {fluid:.0f} · 10⁻⁶ mm²/s"
        raise SeriesRejectedError(Code.E_ADC_UNIT, reason)
    confirmed = BRAIN[0] <= brain <= BRAIN[1] and FLUID[0] <= fluid <= FLUID[1]
    return (Code.W_ADC_UNIT,) * (not confirmed), figures


def _fluid(voxels: Float) -> float:
    """Return the largest values of the middle of the head that are no noise of single voxels."""
    middle = voxels[_middle(voxels)]
    return float(np.percentile(ndimage.median_filter(middle, (1, 3, 3)), FLUID_PERCENTILE))


def _stated(instances: Sequence[Dataset]) -> Mapping | None:
    """Return the mapping on which all statements of all instances agree; ``None`` if no instance states any."""
    per_instance = [list(stated_mappings(ds)) for ds in instances]
    stated = [mapping for mappings in per_instance for mapping in mappings]
    if not stated:
        return None
    if not all(per_instance) or not all(_equal(one, stated[0]) for one in stated):
        raise SeriesRejectedError(Code.E_ADC_UNIT, "the images of the ADC map state different units or scales")
    return stated[0]


def _equal(one: Mapping, other: Mapping) -> bool:
    """Return whether two mappings give the same ADC for brain; intercepts may differ by a part of it."""
    return bool(
        np.isclose(one.slope, other.slope, rtol=TOLERANCE, atol=0)
        and abs(one.intercept - other.intercept) < TOLERANCE * PLAUSIBLE[0]
    )


def _usual_factor(volume: Volume, instances: Sequence[Dataset]) -> float:
    if any(int(ds.get("BitsStored") or 0) <= GREY_LEVELS_BITS for ds in instances):
        raise SeriesRejectedError(Code.E_ADC_UNIT, "the ADC map has 8 bits and no unit, so it shows grey levels")
    median = median_of_middle(volume.voxels)
    fitting = [factor for factor in USUAL_FACTORS if PLAUSIBLE[0] <= factor * median <= PLAUSIBLE[1]]
    if not fitting:
        raise SeriesRejectedError(
            Code.E_ADC_UNIT, f"no unit is stated, and a median of {median:.3g} is not the ADC of brain in any usual one"
        )
    return fitting[0]


def median_of_middle(voxels: Float) -> float:
    """Return the median of the positive values in the middle half of the field of view; air holds only noise."""
    middle = voxels[_middle(voxels)]
    positive = middle[middle > 0]
    return float(np.median(positive)) if positive.size else 0.0


def _middle(voxels: Float) -> tuple[slice, ...]:
    return tuple(slice(n // 4, n - n // 4) for n in voxels.shape)

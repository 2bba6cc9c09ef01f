"""Says in which unit the values of a patch are, for the quality sheet."""

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.settings import ImagingSettings

UNITS = {"brain_zscore": "SD", "tumour_mean": "× mean"}
RELATIVE_TO = {
    "brain_zscore": "values in standard deviations (SD) of the brain from its median",
    "tumour_mean": "values relative to the mean of the tumour",
}
ABSOLUTE_ADC = "10⁻³ mm²/s"


def patch_unit(sequence: MrSequence, settings: ImagingSettings) -> str:
    """Return the unit of the values of a patch, short enough for the title of a column."""
    if sequence is MrSequence.ADC and settings.adc_scale == "absolute":
        return ABSOLUTE_ADC
    return UNITS[settings.normalisation]


def patch_scale(settings: ImagingSettings) -> str:
    """Return how many pixels the patches of a study have, and what their units mean."""
    size = settings.patch_size
    return f"patches of {size}×{size} pixels, {RELATIVE_TO[settings.normalisation]}"

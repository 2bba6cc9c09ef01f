"""Errors of scale: units, slopes, padding, colour and inverted grey levels."""

from collections.abc import Callable

import numpy as np
from pydicom.uid import generate_uid

from idh_tasks.domain.sequence import MrSequence
from tools.planted.case import Case, Kind, Plant, kinds
from tools.planted.judges import adc_case, image_case, rcbv_case
from tools.planted.study import STATIC, Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
Change = Callable[[Series, Rng], Series]


def _static(change: Change) -> Plant:
    def plant(study: Study, rng: Rng) -> Case:
        sequence = STATIC[rng.integers(len(STATIC))]
        return image_case(study, sequence, change(study.copies(sequence), rng))

    return plant


def scaled(series: Series, rng: Rng) -> Series:
    """Scale all images by 10⁻³ to 10³ in the header."""
    slope = float(10 ** rng.uniform(-3, 3))
    for ds in series:
        put(ds, RescaleSlope=f"{slope:.8g}", RescaleIntercept="0")
    return series


def slope_per_slice(series: Series, rng: Rng) -> Series:
    """Store each slice with a slope of its own, as Philips and PET scanners do."""
    for ds in series:
        slope = float(rng.uniform(0.05, 0.5))
        set_pixels(ds, pixels(ds) / slope)
        put(ds, RescaleSlope=f"{slope:.8g}", RescaleIntercept="0")
    return series


def intercept(series: Series, rng: Rng) -> Series:
    """Store the pixels with an offset, which the header takes away again."""
    offset = int(rng.integers(-3000, 3000))
    for ds in series:
        set_pixels(ds, pixels(ds) - offset)
        put(ds, RescaleSlope="1", RescaleIntercept=str(offset))
    return series


def padding(series: Series, rng: Rng) -> Series:
    """Fill the corners outside a circle with a padding value, which is stated."""
    value = int(rng.choice((-2000, -32768, 4095, 32767)))
    rows, columns = np.indices((series[0].Rows, series[0].Columns)) - np.reshape([series[0].Rows / 2] * 2, (2, 1, 1))
    outside = np.hypot(rows, columns) > series[0].Rows * 0.495
    for ds in series:
        set_pixels(ds, np.where(outside, value, pixels(ds)))
        ds.add_new("PixelPaddingValue", "SS", value)
    return series


def colour(series: Series, rng: Rng) -> Series:
    """Store the images in colour, interleaved or plane by plane."""
    planar = int(rng.integers(2))
    for ds in series:
        grey = np.clip(pixels(ds) / 4, 0, 255).astype(np.uint8)
        image = np.stack([grey, grey // 2, 255 - grey], axis=0 if planar else -1)
        put(ds, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planar)
        put(ds, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)
        ds.add_new("PixelData", "OW", image.tobytes())
    return series


def palette(series: Series, rng: Rng) -> Series:
    """State a colour palette."""
    for ds in series:
        put(ds, PhotometricInterpretation="PALETTE COLOR", PixelRepresentation=0)
        for channel in ("Red", "Green", "Blue"):
            ds.add_new(f"{channel}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
            table = rng.integers(0, 65_535, 256).astype(np.uint16)
            ds.add_new(f"{channel}PaletteColorLookupTableData", "OW", table.tobytes())
    return series


def inverted(series: Series, _rng: Rng) -> Series:
    """Store the images with inverted grey levels, and say so."""
    for ds in series:
        set_pixels(ds, 4095 - pixels(ds))
        put(ds, PhotometricInterpretation="MONOCHROME1")
    return series


def no_number(series: Series, rng: Rng) -> Series:
    """State a slope that is infinite or no number, in some or all images."""
    slope = ("nan", "inf", "-inf")[rng.integers(3)]
    for ds in series[: int(rng.integers(1, len(series) + 1))]:
        put(ds, RescaleSlope=slope)
    return series


def high_bit(series: Series, rng: Rng) -> Series:
    """State fewer stored bits than the high bit implies."""
    for ds in series:
        put(ds, BitsStored=int(rng.choice((8, 10, 12))))
    return series


def adc_map(study: Study, factor: float, *, bits: int = 16) -> Series:
    """Return the ADC map as the scanner's own, with stored values times a factor in 10⁻⁶ mm²/s."""
    adc = study.images.source(MrSequence.ADC).image.voxels
    maps, uid = study.copies(MrSequence.DWI)[: len(adc)], generate_uid()
    largest = 2.0 ** (bits - 1) - 1
    exact = min(1.0, largest / float(factor * adc.max()))
    exact = max(exact, 1000 / float(factor * adc.max())) if bits > 8 else exact
    for ds, image in zip(maps, adc, strict=True):
        put(ds, SOPInstanceUID=generate_uid(), SeriesInstanceUID=uid, DiffusionBValue=None)
        put(ds, ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], SeriesDescription="ADC map")
        put(ds, RescaleSlope=f"{1 / exact:.8g}", RescaleIntercept="0", BitsStored=bits, HighBit=bits - 1)
        set_pixels(ds, image * factor * exact)
    return maps


def adc_in_a_usual_unit(study: Study, rng: Rng) -> Case:
    """Deliver an ADC map in a usual unit, without stating it."""
    return adc_case(study, adc_map(study, float(rng.choice((1.0, 1e-1, 1e-3, 1e-6)))))


def adc_in_no_unit(study: Study, rng: Rng) -> Case:
    """Deliver an ADC map in arbitrary units."""
    return adc_case(study, adc_map(study, float(rng.uniform(3.2, 8.0) * 10.0 ** rng.integers(-3, 3))))


def adc_a_little_scaled(study: Study, rng: Rng) -> Case:
    """Deliver an ADC map that is scaled by 0.5 to 0.8, or 1.3 to 1.8, without a unit."""
    factor = float(rng.choice((rng.uniform(0.5, 0.8), rng.uniform(1.3, 1.8))))
    return adc_case(study, adc_map(study, factor))


def adc_in_a_wrong_unit(study: Study, rng: Rng) -> Case:
    """State a unit in which the values of an ADC map are impossible."""
    maps = adc_map(study, float(rng.choice((1.0, 1e-3))))
    for ds in maps:
        put(ds, RescaleType=str(rng.choice(("10^-9 mm^2/s", "HU", "m2/s", "%"))))
    return adc_case(study, maps)


def times_in_seconds(study: Study, rng: Rng) -> Case:
    """State repetition and echo time of a perfusion series in seconds instead of milliseconds."""
    series, both = study.copies(MrSequence.DSC), rng.random() < 0.5
    for ds in series:
        put(ds, EchoTime=f"{float(ds.EchoTime) / 1000:g}")
        put(ds, RepetitionTime=f"{float(ds.RepetitionTime) / (1000 if both else 1):g}")
    return rcbv_case(study, series)


def adc_in_grey_levels(study: Study, _rng: Rng) -> Case:
    """Deliver an ADC map as a picture of 8 bits."""
    maps = adc_map(study, 255 / 4000, bits=8)
    for ds in maps:
        put(ds, RescaleSlope=None, RescaleIntercept=None)
    return adc_case(study, maps)


def scaled_diffusion(study: Study, rng: Rng) -> Case:
    """Scale all diffusion images by 10⁻³ to 10³ in the header."""
    return adc_case(study, scaled(study.copies(MrSequence.DWI), rng))


CHANGES = (scaled, slope_per_slice, intercept, padding, colour, palette, inverted, no_number, high_bit)
MAPS = (adc_in_a_usual_unit, adc_in_no_unit, adc_in_grey_levels, scaled_diffusion, adc_a_little_scaled,
        adc_in_a_wrong_unit, times_in_seconds)  # fmt: skip
KINDS = (
    *(Kind("scale", change.__name__.replace("_", " "), _static(change)) for change in CHANGES),
    *kinds("scale", MAPS),
)

"""Which images of a diffusion series were measured: only those whose headers are understood to say so."""

import re
from collections.abc import Sequence

from pydicom import Dataset

from idh_tasks.dicom.diffusivity import NO_UNIT, stated_units
from idh_tasks.dicom.image_kind import TRACE, derived_contrast, image_kind, is_combined, is_trace, type_values

UNDERSTOOD = TRACE | {
    "", "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY",
    "DIFFUSION", "DWI", "DTI", "NONE", "OTHER", "UNSPECIFIED", "M", "MAG", "MAGNITUDE", "AXIAL",
    "EPI", "SE", "FSE", "TSE", "FFE", "IR", "M_SE", "M_FFE", "M_IR", "M_TSE", "T2",
    "ND", "NORM", "DIS2D", "DIS3D", "DFC", "GDC", "FIL", "DRB", "DRG", "DRS", "MOCO", "MOTIONCORRECTION",
    "MOSAIC", "VFRAME", "MFSPLIT", "PARALLEL", "COMPOSED",
}  # fmt: skip
"""Values of Image Type of measured images: contrast, pulse sequence, corrections of the image, and how it is stored."""
PROCESSING = re.compile(r"(SH|FM|FIL|DN|SC)\d+(_\d+)?|COMP_[A-Z]{2}")
"""Values by Siemens with the strength of a filter, or the way in which images were composed."""
STATED = (
    ("VolumeBasedCalculationTechnique", frozenset({"", "NONE", "MIXED"})),
    ("PixelPresentation", frozenset({"", "MONOCHROME", "MIXED"})),
    ("ComplexImageComponent", frozenset({"", "MAGNITUDE", "MIXED"})),
    ("VolumetricProperties", frozenset({"", "VOLUME", "DISTORTED", "MIXED"})),
)
"""Attributes of enhanced images (PS3.3 C.8.13.3.1) and their values for a measured one; MIXED is said of all frames."""


def measured_images(instances: Sequence[Dataset]) -> list[Dataset]:
    """Return the images of a diffusion series that were measured, or are averages of measured ones over directions.

    A value of Image Type that is not understood may name a map, so its images are left out. One that all images have
    distinguishes none from the others, and is passed over; so is DERIVED.
    """
    signals = [ds for ds in instances if _is_signal(ds)]
    everywhere = frozenset.intersection(*map(type_values, signals)) if signals else frozenset()
    return [ds for ds in signals if _is_measured(ds, everywhere)]


def _is_signal(ds: Dataset) -> bool:
    """Return whether nothing in a header states a map, or another quantity than the magnitude of the signal."""
    stated = all(str(ds.get(keyword) or "").strip().upper() in values for keyword, values in STATED)
    return stated and not image_kind(ds) and {unit.strip().upper() for unit in stated_units(ds)} <= NO_UNIT


def _is_measured(ds: Dataset, everywhere: frozenset[str]) -> bool:
    values = type_values(ds) - everywhere
    if any(value not in UNDERSTOOD and not PROCESSING.fullmatch(value) for value in values):
        return False
    unweighted = "NONE" in (ds.get("DiffusionDirectionality"), derived_contrast(ds))
    return "DERIVED" not in values or is_trace(ds) or is_combined(ds) or unweighted

"""What kind of image an instance is: an acquired magnitude image, one of its other components, or a map."""

from types import MappingProxyType

from pydicom import Dataset

from idh_tasks.dicom.dialect import component

KINDS = MappingProxyType({
    "localizer": {"LOCALIZER"},
    "phase": {"P", "PHASE", "PHASE MAP", "PHASE_MAP"},
    "real": {"R", "REAL"},
    "imaginary": {"I", "IMAGINARY"},
    "field map": {"B0 MAP", "B0_MAP", "FIELD_MAP", "FIELDMAP"},
    "water": {"W", "WATER"},
    "fat": {"F", "FAT"},
    "in phase": {"IP", "IN", "IN_PHASE"},
    "opposed phase": {"OP", "OUT", "OUT_PHASE", "OPP_PHASE", "OPPOSED_PHASE"},
    "fat fraction": {"FF", "FAT_FRACTION"},
    "uniform": {"UNI"},
    "ADC": {"ADC", "ADC_SE", "ADC_UNSPECIFIED", "ADC_UNSPECIFIE", "ADC_MAP", "ADC MAP"},
    "exponential ADC": {"EXPONENTIAL", "EXP", "EADC", "EADC_SE", "EADC_UNSPECIFIED", "EADC_UNSPECIFIE", "EXP_ADC",
                        "DIFFUSION_ATTNTD"},
    "anisotropy": {"FA", "FA_SE", "FA_UNSPECIFIED", "FRACTIONAL_ANISOTROPY", "FRACTIONAL", "RELATIVE_ANISOTROPY",
                   "VOLUME_RATIO", "COLFA", "COLOR_FA", "FA_COLOR", "DIFFUSION_ANISO"},
    "calculated b-value": {"CALC_BVALUE", "CALC_BVAL", "CALCULATED_BVALUE"},
    "tensor": {"TENSOR", "TENSOR_B0", "EIGENVECTOR", "EIGENVALUE"},
    "diffusivity": {"MD", "RD", "AVG_DC", "MEAN_DIFFUSIVITY", "AXIAL_DIFFUSIVITY", "RADIAL_DIFFUSIVITY"},
    "kurtosis": {"MK", "RK", "KURTOSIS", "MEAN_KURTOSIS"},
    "CBV": {"CBV", "RCBV", "RELCBV"},
    "CBF": {"CBF", "RCBF", "RELCBF"},
    "MTT": {"MTT", "RELMTT"},
    "time to peak": {"TTP", "TMAX"},
    "bolus map": {"PBP", "GBP"},
    "leakage": {"K2", "LEAKAGE"},
    "relaxation map": {"T1 MAP", "T1_MAP", "T2 MAP", "T2_MAP", "T2_STAR MAP", "T2_STAR_MAP", "R2", "R2_STAR"},
    "susceptibility": {"SWI", "QSM"},
    "projection": {"MIP", "MINIP", "MNIP", "MIN IP", "MAX IP", "PROJECTION IMAGE"},
    "reformat": {"MPR", "REFORMATTED", "CSA MPR"},
    "subtraction": {"SUB", "SUBTRACT", "SUBTRACTION"},
    "deviation": {"STDDEV", "STD_DEVIATION"},
    "capture": {"SCREEN SAVE", "SECONDARY CAPTURE"},
})  # fmt: skip
"""Values of Image Type, Frame Type (PS3.3 C.7.6.1.1.2, C.8.13.3.1.1) and vendors that mark each kind."""
TRACE = frozenset({"TRACEW", "TRACE", "ISOTROPIC", "ISO", "ISODWI", "DIFFUSION_TRACE"})
"""Values of Image Type for an average over gradient directions."""
DERIVED_CONTRAST = 3
"""Index of the value of Image Type that names a derived contrast (PS3.3 C.8.13.3.1.1)."""


def image_kind(ds: Dataset) -> str:
    """Return the kind of an image, empty for an acquired magnitude image."""
    tokens = type_values(ds) | {component(ds)}
    return " and ".join(kind for kind, values in KINDS.items() if tokens & values)


def is_trace(ds: Dataset) -> bool:
    """Return whether a diffusion image is an average over directions (PS3.3 C.8.13.5.9).

    The contrast of a derived image is then DIFFUSION (PS3.3 C.8.13.3.1.1).
    """
    values = type_values(ds)
    if values & TRACE or ds.get("DiffusionDirectionality") == "ISOTROPIC":
        return True
    return "DERIVED" in values and derived_contrast(ds) == "DIFFUSION"


def is_combined(ds: Dataset) -> bool:
    """Return whether an image is one that GE combines from directions: it is marked as derived and primary only.

    Maps by GE have a name, or are secondary.
    """
    return {"DERIVED", "PRIMARY"} <= type_values(ds) and str(ds.get("Manufacturer") or "").upper().split()[:1] == ["GE"]


def derived_contrast(ds: Dataset) -> str:
    """Return the value of Image Type that names a derived contrast, in capitals; empty if there is none."""
    return next(iter(_type_list(ds)[DERIVED_CONTRAST:]), "")


def type_values(ds: Dataset) -> frozenset[str]:
    """Return the values of Image Type in capitals."""
    return frozenset(_type_list(ds))


def _type_list(ds: Dataset) -> list[str]:
    stated = ds.get("ImageType") or ()
    return [str(value).strip().upper() for value in ((stated,) if isinstance(stated, str) else stated)]


def photometric_fault(ds: Dataset) -> str | None:
    """Return why pixels are no single channel of which larger values are brighter (PS3.3 C.7.6.3.1.2)."""
    samples, photometric = int(ds.get("SamplesPerPixel") or 1), ds.get("PhotometricInterpretation") or "MONOCHROME2"
    if samples != 1:
        return f"colour images with {samples} samples per pixel"
    if photometric != "MONOCHROME2":
        return "images with inverted grey scale" if photometric == "MONOCHROME1" else "images with a colour palette"
    return None

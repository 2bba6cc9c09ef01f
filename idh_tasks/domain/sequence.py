"""The MR sequences the platform tells apart."""

from enum import StrEnum


class MrSequence(StrEnum):
    """What a series shows; DWI and DSC are sources, OTHER is kept but not used."""

    T1 = "T1"
    T2 = "T2"
    FLAIR = "FLAIR"
    MPRAGE = "MPRAGE"
    RCBV = "RCBV"
    ADC = "ADC"
    DWI = "DWI"
    DSC = "DSC"
    OTHER = "OTHER"


class Confidence(StrEnum):
    """How sure the identification of a series is; LOW waits for a person."""

    HIGH = "high"
    LOW = "low"


class Provenance(StrEnum):
    """Whether an image is the scanner's own or computed by the platform."""

    VENDOR = "vendor"
    COMPUTED = "computed"
    ACQUIRED = "acquired"


MODEL_SEQUENCES = (
    MrSequence.T1,
    MrSequence.T2,
    MrSequence.FLAIR,
    MrSequence.MPRAGE,
    MrSequence.RCBV,
    MrSequence.ADC,
)
"""The six sequences that have a network of their own, in the order of the paper's Table 1."""

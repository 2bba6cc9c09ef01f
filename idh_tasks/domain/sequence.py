"""The MR sequences that the platform distinguishes."""

from enum import StrEnum


class MrSequence(StrEnum):
    """The MR sequence of a series.

    DWI and DSC are sources of maps. T1C is a T1 after contrast that is not an MPRAGE; it never feeds a network and may
    only serve as the reference space. OTHER is stored but not used.
    """

    T1 = "T1"
    T2 = "T2"
    FLAIR = "FLAIR"
    MPRAGE = "MPRAGE"
    RCBV = "RCBV"
    ADC = "ADC"
    DWI = "DWI"
    DSC = "DSC"
    T1C = "T1C"
    OTHER = "OTHER"

    @property
    def written(self) -> str:
        """Return the name as people write it: rCBV, but T1."""
        return "rCBV" if self is MrSequence.RCBV else self.value

    @property
    def place(self) -> int:
        """Return the place in the order of the paper's Table 1, where people look for it."""
        return list(MrSequence).index(self)


class Confidence(StrEnum):
    """Confidence in the identification of a series; a series of LOW confidence is not used."""

    HIGH = "high"
    LOW = "low"


class Contrast(StrEnum):
    """What the header and the name of a series say about a contrast agent.

    OPEN is a 3D T1 that is certain but for the agent: without an agent it is T1, with one MPRAGE or T1C.
    """

    BEFORE = "before"
    AFTER = "after"
    UNSTATED = "unstated"
    OPEN = "open"


class Provenance(StrEnum):
    """Origin of an image: acquired, a map from the vendor's software, or a map computed by the platform."""

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
"""The six sequences with a network each, in the order of the paper's Table 1."""

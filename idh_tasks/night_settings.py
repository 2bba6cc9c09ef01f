"""Settings of a night of intake: how much of an archive it lists again, and what becomes of failures.

The docstring of a field is its entry in docs/settings.md.
"""

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ListingSettings(_Frozen):
    """How much of an archive is listed and verified again each night, beside the latest weeks."""

    slices: int = Field(default=2, ge=0)
    """Periods of study dates that are listed in full each night; 0 lists none."""
    slice_studies: int = Field(default=2000, ge=1)
    """Studies that a period should hold; the next one is made shorter or longer accordingly."""
    slice_days: int = Field(default=366, ge=1)
    """Longest period in days."""
    undated_studies: int = Field(default=20_000, ge=0)
    """Studies of an archive up to which those without a study date are looked for, which lists it whole once a pass."""
    verified: int = Field(default=200, ge=0)
    """Known studies whose series are compared with the archive each night; 0 compares none."""


class NightSettings(_Frozen):
    """How long a delivery that fails is tried again, and how many may fail before a night is red."""

    tries: int = Field(default=5, ge=1, le=12)
    """Nights in which a delivery is tried: after the first again in the next run, then after 2, 4, 8, … nights."""
    tolerance: float = Field(default=0.01, ge=0, le=1)
    """Share of a source's deliveries of one night that may fail for the first time before the night is red."""

"""The cohort as it is counted: its flow, and age and sex of those in it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How many patients left at a stage for one reason, or were included."""

    stage: str
    code: str | None
    patients: int


@dataclass(frozen=True)
class Step:
    """One box of the flow: who came to it, who left and why, who remained."""

    stage: str
    before: int
    excluded: Mapping[str, int]
    after: int


@dataclass(frozen=True)
class Demographics:
    """Age at imaging and sex of one group of the cohort (paper, Results)."""

    idh_status: str
    patients: int
    women: int
    men: int
    mean_age: float | None
    sd_age: float | None
    youngest: float | None
    oldest: float | None

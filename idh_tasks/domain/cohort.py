"""Figures that describe the cohort: its flow, its demographics, and the trainings that used a report."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How many patients left the cohort at a stage for one reason, or were included."""

    stage: str
    code: str | None
    patients: int


@dataclass(frozen=True)
class Step:
    """One box of the flow: how many patients reached it, who left and why, how many remained."""

    stage: str
    before: int
    excluded: Mapping[str, int]
    after: int


@dataclass(frozen=True)
class Demographics:
    """Age at imaging (years) and sex of one group of the cohort (paper, Results)."""

    idh_status: str
    patients: int
    women: int
    men: int
    mean_age: float | None
    sd_age: float | None
    youngest: float | None
    oldest: float | None


@dataclass(frozen=True)
class AffectedMember:
    """A dataset member that used a report, with the model trained on it; `code` states what has changed since."""

    report_key: str
    report_version: int
    dataset_id: str
    run_id: str | None
    sequence: str
    mutant: bool
    code: str | None
    model_id: str | None
    state: str | None
    predictions: int

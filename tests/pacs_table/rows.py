"""The rows of the table: studies and series, and the UIDs of their instances."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.pacs_table.kinds import Region
from tests.pacs_table.recipes import RECIPES, Recipe

ROOT = "1.2.826.0.1.3680043.10.1021"


@dataclass(frozen=True)
class StudyRow:
    """A study as the PACS holds it; `region` and `cohort` are the truth, which no query returns."""

    study_uid: str
    patient_id: str
    issuer: str
    name: str
    birth_date: str
    sex: str
    study_date: str
    description: str
    accession: str
    station: str
    region: Region
    cohort: bool


@dataclass(frozen=True)
class SeriesRow:
    """A series as the PACS holds it; its instances are made of its recipe, numbered from 1."""

    series_uid: str
    study_uid: str
    number: int
    description: str
    body_part: str
    recipe_name: str
    instances: int

    @property
    def recipe(self) -> Recipe:
        """Return how it was acquired."""
        return RECIPES[self.recipe_name]

    def instance_uids(self) -> Iterator[str]:
        """Yield the UIDs of its instances, in order."""
        return (f"{self.series_uid}.{number}" for number in range(1, self.instances + 1))


def series_of(instance_uid: str) -> str:
    """Return the UID of an instance's series."""
    return instance_uid.rpartition(".")[0]

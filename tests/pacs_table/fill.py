"""Fills the table with the studies that a hospital has when the platform is connected."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.pacs_table.kinds import BRAIN, COHORT, OTHERS, SILENT_BRAIN, SILENT_COHORT, Kind
from tests.pacs_table.make import make_series, make_study
from tests.pacs_table.table import Table

SILENT = 10
"""One head in so many has no study description."""
STUDIES_PER_OTHER = 3


@dataclass(frozen=True)
class Size:
    """How many studies there are, of the cohort and of other brains among them, and over how many years.

    All others are of the kinds `others`.
    """

    studies: int = 100_000
    cohort: int = 400
    brains: int = 2_000
    years: float = 15.0
    others: tuple[Kind, ...] = OTHERS

    def of(self, studies: int) -> "Size":
        """Return the size of an archive with the same shares and as many studies a day, but fewer years."""
        share = studies / self.studies
        return replace(
            self, studies=studies, cohort=round(self.cohort * share), brains=round(self.brains * share),
            years=self.years * share,
        )  # fmt: skip


def fill(table: Table, size: Size, today: date, seed: int = 1) -> None:
    """Fill the table; the same size, day and seed give the same rows."""
    studies, series = [], []
    for number, (kind, patient, cohort) in enumerate(_plan(size, seed)):
        row = make_study(number, kind, _day(size, today, number), patient, cohort=cohort)
        studies.append(row)
        series += make_series(row, kind)
    table.fill(studies, series)


def _day(size: Size, today: date, number: int) -> date:
    return today - timedelta(days=random.Random(f"day {number}").randrange(1, max(2, int(size.years * 365))))


def _plan(size: Size, seed: int) -> Iterator[tuple[Kind, str, bool]]:
    """Yield the kind and the patient of each study, and whether the patient has a pathology result."""
    for number in range(size.cohort):
        yield (COHORT if number % SILENT else SILENT_COHORT), f"C{number:05d}", True
    for number in range(size.brains):
        yield (BRAIN if number % SILENT else SILENT_BRAIN), f"B{number:05d}", False
    rng, others = random.Random(seed), size.studies - size.cohort - size.brains
    kinds = rng.choices(size.others, [kind.share for kind in size.others], k=others)
    for number, kind in enumerate(kinds):
        yield kind, f"X{number // STUDIES_PER_OTHER:06d}", False

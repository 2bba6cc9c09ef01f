"""Makes the rows of one study, the same for the same number."""

import random
from datetime import date, timedelta

from tests.pacs_table.kinds import Kind
from tests.pacs_table.recipes import RECIPES
from tests.pacs_table.rows import ROOT, SeriesRow, StudyRow

ISSUER = "PACS-TABLE"
STATIONS = ("AVANTO1", "SKYRA3T", "GE750W", "INGENIA2", "OUTSIDE")
FIRST_NAMES, LAST_NAMES = ("Ada", "Béa", "Carl", "Dörte", "Enzo"), ("Muster", "Específico", "Dupont", "Rossi", "Berg")


def dicom_date(day: date) -> str:
    """Return a day as DICOM writes it."""
    return f"{day:%Y%m%d}"


def make_study(number: int, kind: Kind, day: date, patient: str, *, cohort: bool = False) -> StudyRow:
    """Return the row of a study."""
    rng = random.Random(f"study {number}")
    person = random.Random(f"patient {patient}")
    born = date(1930, 1, 1) + timedelta(days=person.randrange(75 * 365))
    return StudyRow(
        study_uid=f"{ROOT}.{number}",
        patient_id=patient,
        issuer=ISSUER,
        name=f"{person.choice(LAST_NAMES)}^{person.choice(FIRST_NAMES)}",
        birth_date=dicom_date(born),
        sex=person.choice("FM"),
        study_date=dicom_date(day),
        description=rng.choice(kind.descriptions),
        accession=f"A{number:07d}",
        station=rng.choice(STATIONS),
        region=kind.region,
        cohort=cohort,
    )


def make_series(study: StudyRow, kind: Kind) -> list[SeriesRow]:
    """Return the rows of the series of a study."""
    rng = random.Random(f"series {study.study_uid}")
    dialect, body_part = rng.randrange(3), rng.choice(kind.body_parts)
    return [
        one_series(study, number, recipe, dialect, body_part) for number, recipe in enumerate(kind.recipes, start=1)
    ]


def one_series(study: StudyRow, number: int, recipe_name: str, dialect: int = 0, body_part: str = "HEAD") -> SeriesRow:
    """Return the row of one series."""
    recipe = RECIPES[recipe_name]
    name = recipe.names[dialect % len(recipe.names)]
    uid = f"{study.study_uid}.{number}"
    return SeriesRow(uid, study.study_uid, number, name, body_part, recipe_name, recipe.instances)

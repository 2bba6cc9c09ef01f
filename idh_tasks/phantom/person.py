"""Fictitious persons, whose identifiers must never leave the protected schema."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

SURNAMES = (
    "Quackenbush", "Featherstonehaugh", "Wigglesworth", "Oglethorpe", "Brandybuck",
    "Higginbottom", "Throckmorton", "Cholmondeley", "Snodgrass", "Abernathy",
)  # fmt: skip
FORENAMES = ("Philomena", "Bartholomew", "Ermintrude", "Ignatius", "Wilhelmina", "Thaddeus")
ISSUER = "PHANTOM-HOSPITAL"


@dataclass(frozen=True)
class Person:
    """The identity of a synthetic patient."""

    name: str
    identifier: str
    birth_date: date
    sex: str
    issuer: str = ISSUER


@dataclass(frozen=True)
class Visit:
    """The dates of a synthetic patient's examination and surgery."""

    study_date: date
    surgery_date: date
    accession: str

    def age_years(self, birth_date: date) -> float:
        """Return the age at the examination."""
        return round((self.study_date - birth_date).days / 365.25, 1)


def draw_person(rng: np.random.Generator, number: int) -> Person:
    """Draw a person; the number makes the identifier unique."""
    name = f"{rng.choice(SURNAMES)}{number:03d}^{rng.choice(FORENAMES)}"
    born = date(1935, 1, 1) + timedelta(days=int(rng.integers(0, 48 * 365)))
    identifier = f"MRN{rng.integers(10**6, 10**7)}{number:03d}"
    return Person(name, identifier, born, str(rng.choice(("M", "F"))))


def draw_visit(rng: np.random.Generator, number: int) -> Visit:
    """Draw a pre-operative examination at most 20 days before surgery."""
    study = date(2018, 1, 8) + timedelta(days=int(rng.integers(0, 500)))
    surgery = study + timedelta(days=int(rng.integers(1, 21)))
    return Visit(study, surgery, f"ACC{rng.integers(10**6, 10**7)}{number:03d}")

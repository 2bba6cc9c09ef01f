"""Studies and instances as an archive lists them."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PacsStudy:
    """A study as an archive lists it."""

    study_uid: str
    study_date: str
    instances: int


@dataclass(frozen=True)
class InstanceReference:
    """An instance with its series, which a request for it must name (PS3.4 C.4.3.1)."""

    series_uid: str
    instance_uid: str


@dataclass(frozen=True)
class StudyContents:
    """What the PACS holds of a study: the patient ids it is filed under, and every instance that we accept."""

    patients: frozenset[str]
    instances: frozenset[InstanceReference]


def unique_studies(studies: Iterable[PacsStudy]) -> list[PacsStudy]:
    """Return every study once, by date, however often an archive lists it."""
    return sorted({study.study_uid: study for study in studies}.values(), key=lambda s: (s.study_date, s.study_uid))

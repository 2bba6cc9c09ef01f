"""Studies, series and instances as an archive lists them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset

STUDY_KEYS = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyDescription",
    "AccessionNumber",
    "ModalitiesInStudy",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
    "ProcedureCodeSequence",
)
"""What is asked about a study; an archive may leave out all but the first two (PS3.4 C.6.2.1)."""


@dataclass(frozen=True, repr=False)
class PacsStudy:
    """A study as an archive lists it; what the archive does not state is empty or 0."""

    study_uid: str
    study_date: str
    instances: int
    series: int = 0
    patient_id: str = ""
    issuer: str = ""
    birth_date: str = ""
    accession: str = ""
    description: str = ""
    modalities: frozenset[str] = frozenset()
    procedures: tuple[str, ...] = ()
    procedure_codes: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Return everything that describes the study in words."""
        return (self.description, *self.procedures)

    def __repr__(self) -> str:
        return "PacsStudy()"


SERIES_KEYS = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "ProtocolName",
    "BodyPartExamined",
    "StationName",
    "NumberOfSeriesRelatedInstances",
)
"""What is asked about a series; an archive may leave out all but the first three."""


@dataclass(frozen=True, repr=False)
class PacsSeries:
    """A series as an archive lists it; what the archive does not state is empty or 0."""

    series_uid: str
    modality: str = ""
    description: str = ""
    protocol: str = ""
    body_part: str = ""
    station: str = ""
    instances: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """Return everything that describes the series in words."""
        return (self.description, self.protocol)

    def __repr__(self) -> str:
        return "PacsSeries()"


def listed_series(row: Dataset) -> PacsSeries:
    """Return the series of a row of a C-FIND or QIDO-RS answer."""
    return PacsSeries(
        _text(row, "SeriesInstanceUID"),
        _text(row, "Modality"),
        _text(row, "SeriesDescription"),
        _text(row, "ProtocolName"),
        _text(row, "BodyPartExamined"),
        _text(row, "StationName"),
        _count(row, "NumberOfSeriesRelatedInstances"),
    )


def listed_study(row: Dataset) -> PacsStudy:
    """Return the study of a row of a C-FIND or QIDO-RS answer."""
    return PacsStudy(
        _text(row, "StudyInstanceUID"),
        _text(row, "StudyDate"),
        _count(row, "NumberOfStudyRelatedInstances"),
        _count(row, "NumberOfStudyRelatedSeries"),
        _text(row, "PatientID"),
        _text(row, "IssuerOfPatientID"),
        _text(row, "PatientBirthDate"),
        _text(row, "AccessionNumber"),
        _text(row, "StudyDescription"),
        frozenset(filter(None, _text(row, "ModalitiesInStudy").split("\\"))),
        _coded(row, "CodeMeaning"),
        _coded(row, "CodeValue"),
    )


def _coded(row: Dataset, keyword: str) -> tuple[str, ...]:
    codes = row.get("ProcedureCodeSequence") or ()
    return tuple(filter(None, (_text(code, keyword) for code in codes)))


def _text(row: Dataset, keyword: str) -> str:
    value: Any = row.get(keyword)
    values = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return "\\".join(str(one).strip() for one in values if one is not None)


def _count(row: Dataset, keyword: str) -> int:
    text = _text(row, keyword)
    return int(text) if text.isascii() and text.isdigit() else 0


@dataclass(frozen=True)
class InstanceReference:
    """An instance with its series, which a request for it must name (PS3.4 C.4.3.1)."""

    series_uid: str
    instance_uid: str


@dataclass(frozen=True)
class StudyContents:
    """What the PACS holds of a study: the patient ids it is filed under, and every instance that is wanted.

    `whole` is whether every series of the study is wanted; `series` are all of them, with their numbers of instances.
    """

    patients: frozenset[str]
    instances: frozenset[InstanceReference]
    whole: bool = True
    series: frozenset[tuple[str, int]] = frozenset()


def counted(series: Iterable[PacsSeries]) -> frozenset[tuple[str, int]]:
    """Return the series with their numbers of instances, by which a change is noticed."""
    return frozenset((one.series_uid, one.instances) for one in series)


SeriesChoice = Callable[[PacsStudy, Sequence[PacsSeries]], frozenset[str]]
"""Returns the UIDs of the series of a study that are retrieved; it raises what excludes the study."""


def every_series(study: PacsStudy, series: Sequence[PacsSeries]) -> frozenset[str]:  # noqa: ARG001 - a SeriesChoice
    """Choose all series."""
    return frozenset(one.series_uid for one in series)


def unique_studies(studies: Iterable[PacsStudy]) -> list[PacsStudy]:
    """Return every study once, by date, however often an archive lists it."""
    return sorted({study.study_uid: study for study in studies}.values(), key=lambda s: (s.study_date, s.study_uid))

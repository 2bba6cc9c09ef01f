"""Answers the queries of a C-FIND from the table (PS3.4 C.2.2.2: single value, list of UIDs, range, wildcard)."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue

from tests.pacs_table.instances import UTF_8
from tests.pacs_table.rows import SeriesRow
from tests.pacs_table.table import Table

STUDY = {
    "StudyInstanceUID": "study_uid", "PatientID": "patient_id", "IssuerOfPatientID": "issuer", "PatientName": "name",
    "PatientBirthDate": "birth_date", "PatientSex": "sex", "StudyDate": "study_date", "StudyDescription": "description",
    "AccessionNumber": "accession", "StationName": "station", "ModalitiesInStudy": "modalities",
    "NumberOfStudyRelatedSeries": "series", "NumberOfStudyRelatedInstances": "instances",
}  # fmt: skip
"""The keys of the study level, and the columns that hold them."""
SERIES = {
    "SeriesInstanceUID": "series_uid", "StudyInstanceUID": "study_uid", "SeriesNumber": "number",
    "SeriesDescription": "description", "ProtocolName": "description", "BodyPartExamined": "body_part",
    "Modality": "modality", "NumberOfSeriesRelatedInstances": "instances",
}  # fmt: skip
RETURNED_ONLY = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances")


def answer(table: Table, query: Dataset) -> Iterator[Dataset]:
    """Yield the rows of a query at its level, each with the keys that were asked for and are held."""
    level = str(query.QueryRetrieveLevel)
    if level == "STUDY":
        found = _select(table, "study", STUDY, query)
        return (_row(level, query, {key: row[column] for key, column in STUDY.items()}) for row in found)
    if level == "SERIES":
        found = _select(table, "series", SERIES, query)
        return (_row(level, query, {key: row[column] for key, column in SERIES.items()}) for row in found)
    return _images(table, query)


def _images(table: Table, query: Dataset) -> Iterator[Dataset]:
    asked = set(values(query, "SOPInstanceUID"))
    for row in _select(table, "series", SERIES, query):
        series = SeriesRow(*(row[name] for name in SeriesRow.__annotations__))
        for number, uid in enumerate(series.instance_uids(), start=1):
            if not asked or uid in asked:
                held = {"StudyInstanceUID": series.study_uid, "SeriesInstanceUID": series.series_uid,
                        "SOPInstanceUID": uid, "SOPClassUID": series.recipe.sop_class,
                        "InstanceNumber": number}  # fmt: skip
                yield _row("IMAGE", query, held)


def values(query: Dataset, keyword: str) -> list[str]:
    """Return the values of a key; none if it is universal."""
    value: Any = query.get(keyword)
    several = value if isinstance(value, MultiValue | list) else [value]
    return [str(one) for one in several if one not in (None, "", "*")]


def _select(table: Table, name: str, columns: Mapping[str, str], query: Dataset) -> list[Any]:
    conditions, bound = ["1"], []
    for keyword, column in columns.items():
        asked = values(query, keyword) if keyword not in RETURNED_ONLY else []
        if asked:
            condition, new = _condition(column, asked)
            conditions.append(condition)
            bound += new
    return table.rows(f"SELECT * FROM {name} WHERE {' AND '.join(conditions)}", bound)


def _condition(column: str, asked: list[str]) -> tuple[str, list[str]]:
    first = asked[0]
    if column == "modalities":
        tests = " OR ".join("',' || modalities || ',' LIKE '%,' || ? || ',%'" for _ in asked)
        return f"({tests})", asked
    if column.endswith("date") and "-" in first:
        since, until = first.split("-")
        return f"{column} BETWEEN ? AND ?", [since or "0", until or "9"]
    if len(asked) == 1 and set(first) & {"*", "?"}:
        return f"{column} GLOB ?", asked
    return f"{column} IN ({', '.join('?' * len(asked))})", asked


def _row(level: str, query: Dataset, held: Mapping[str, Any]) -> Dataset:
    row = Dataset()
    row.QueryRetrieveLevel, row.SpecificCharacterSet = level, UTF_8
    for keyword, value in held.items():
        if keyword in query:
            setattr(row, keyword, value.split(",") if keyword == "ModalitiesInStudy" else value)
    return row

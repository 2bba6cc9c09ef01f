"""Answers the queries of a C-FIND from the table (PS3.4 C.2.2.2: single value, list of UIDs, range, wildcard)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue

from tests.pacs_table.instances import UTF_8
from tests.pacs_table.responses import Row
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


def answer(table: Table, query: Dataset, most: int | None = None) -> list[Row]:
    """Return the rows of a query at its level, each with the keys that were asked for and are held."""
    level = str(query.QueryRetrieveLevel)
    if level == "IMAGE":
        return list(islice(_images(table, query), most))
    name, columns = ("study", STUDY) if level == "STUDY" else ("series", SERIES)
    asked = {key: column for key, column in columns.items() if key in query}
    return [
        _row(level, {key: row[column] for key, column in asked.items()})
        for row in _select(table, name, columns, query, most)
    ]


def _images(table: Table, query: Dataset) -> Iterator[Row]:
    asked = set(values(query, "SOPInstanceUID"))
    for row in _select(table, "series", SERIES, query, None):
        series = SeriesRow(*(row[name] for name in SeriesRow.__annotations__))
        for number, uid in enumerate(series.instance_uids(), start=1):
            if not asked or uid in asked:
                held = {"StudyInstanceUID": series.study_uid, "SeriesInstanceUID": series.series_uid,
                        "SOPInstanceUID": uid, "SOPClassUID": series.recipe.sop_class,
                        "InstanceNumber": number}  # fmt: skip
                yield _row("IMAGE", {key: value for key, value in held.items() if key in query})


def values(query: Dataset, keyword: str) -> list[str]:
    """Return the values of a key; none if it is universal."""
    value: Any = query.get(keyword)
    several = value if isinstance(value, MultiValue | list) else [value]
    return [str(one) for one in several if one not in (None, "", "*")]


def _select(table: Table, name: str, columns: Mapping[str, str], query: Dataset, most: int | None) -> list[Any]:
    conditions, bound = ["1"], list[Any]()
    for keyword, column in columns.items():
        asked = values(query, keyword) if keyword not in RETURNED_ONLY else []
        if asked:
            condition, new = _condition(column, asked)
            conditions.append(condition)
            bound += new
    limit = -1 if most is None else most  # a negative one is none to SQLite
    return table.rows(f"SELECT * FROM {name} WHERE {' AND '.join(conditions)} LIMIT ?", [*bound, limit])


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


def _row(level: str, held: Mapping[str, Any]) -> Row:
    values = {key: str(value) for key, value in held.items()}
    if modalities := values.get("ModalitiesInStudy"):
        values["ModalitiesInStudy"] = modalities.replace(",", "\\")
    return {"SpecificCharacterSet": UTF_8, "QueryRetrieveLevel": level} | values

"""The table of the simulated PACS in SQLite: studies, series, and a log of what arrived or changed."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields, replace
from typing import Any

from tests.pacs_table.rows import SeriesRow, StudyRow

SCHEMA = """
CREATE TABLE study (
    study_uid TEXT PRIMARY KEY, patient_id TEXT, issuer TEXT, name TEXT, birth_date TEXT, sex TEXT, study_date TEXT,
    description TEXT, accession TEXT, station TEXT, region TEXT, cohort INTEGER,
    modalities TEXT DEFAULT '', series INTEGER DEFAULT 0, instances INTEGER DEFAULT 0
);
CREATE INDEX study_date ON study (study_date);
CREATE INDEX study_patient ON study (patient_id);
CREATE TABLE series (
    series_uid TEXT PRIMARY KEY, study_uid TEXT, number INTEGER, description TEXT, body_part TEXT, recipe_name TEXT,
    instances INTEGER, modality TEXT
);
CREATE INDEX series_study ON series (study_uid);
CREATE TABLE change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, study_uid TEXT, patient_id TEXT, public_id TEXT, day TEXT
);
CREATE INDEX change_public_id ON change (public_id);
"""
SUMMARY = """
UPDATE study SET (modalities, series, instances) = (
    SELECT coalesce(group_concat(DISTINCT modality), ''), count(*), coalesce(sum(instances), 0)
    FROM series s WHERE s.study_uid = study.study_uid
)
"""
STUDY_COLUMNS = tuple(field.name for field in fields(StudyRow))
SERIES_COLUMNS = tuple(field.name for field in fields(SeriesRow))


def public_id(patient_id: str, study_uid: str) -> str:
    """Return the identifier that Orthanc gives a study: it changes with the patient."""
    digest = hashlib.sha1(f"{patient_id}|{study_uid}".encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[at : at + 8] for at in range(0, 40, 8))


class Table:
    """The table, in memory; the threads of the SCP take turns."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)
        self._turn = threading.RLock()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a statement."""
        with self._turn:
            return self._connection.execute(statement, values).fetchall()

    def fill(self, studies: Iterable[StudyRow], series: Iterable[SeriesRow]) -> None:
        """Insert many studies at once, without a change in the log."""
        with self._turn:
            self._connection.execute("BEGIN")
            self._insert(studies, series)
            self._connection.execute(SUMMARY)
            self._connection.execute("COMMIT")

    def store(self, study: StudyRow, series: Iterable[SeriesRow], day: str, *, in_feed: bool = True) -> None:
        """Insert a study or add series to it, as they arrive."""
        new = not self.rows("SELECT 1 FROM study WHERE study_uid = ?", (study.study_uid,))
        with self._turn:
            self._insert([study], series)
            self._connection.execute(f"{SUMMARY} WHERE study_uid = ?", (study.study_uid,))
        if in_feed:
            self.log(study, day, *(["NewStudy"] if new else []), "StableStudy")

    def shrink(self, series: SeriesRow, left: int) -> None:
        """Delete the last instances of a series, or all of it; no feed tells of it."""
        with self._turn:
            self._connection.execute(
                "UPDATE series SET instances = ? WHERE series_uid = ?" if left else
                "DELETE FROM series WHERE ? = 0 AND series_uid = ?", (left, series.series_uid),
            )  # fmt: skip
            self._connection.execute(f"{SUMMARY} WHERE study_uid = ?", (series.study_uid,))

    def refile(self, study_uid: str, patient_id: str) -> None:
        """File a study under another patient, with what is known of that one; no feed tells of it."""
        known = self.studies("patient_id = ?", (patient_id,)) or [self.study(study_uid)]
        new = replace(known[0], patient_id=patient_id)
        self.rows(
            "UPDATE study SET patient_id = ?, issuer = ?, name = ?, birth_date = ?, sex = ? WHERE study_uid = ?",
            (new.patient_id, new.issuer, new.name, new.birth_date, new.sex, study_uid),
        )

    def log(self, study: StudyRow, day: str, *types: str) -> None:
        """Write changes of a study into the log."""
        for one in types:
            self.rows(
                "INSERT INTO change (type, study_uid, patient_id, public_id, day) VALUES (?, ?, ?, ?, ?)",
                (one, study.study_uid, study.patient_id, public_id(study.patient_id, study.study_uid), day),
            )

    def studies(self, where: str = "1", values: Sequence[Any] = ()) -> list[StudyRow]:
        """Return studies as rows."""
        found = self.rows(f"SELECT {', '.join(STUDY_COLUMNS)} FROM study WHERE {where} ORDER BY study_uid", values)
        return [StudyRow(*row) for row in found]

    def study(self, study_uid: str) -> StudyRow:
        """Return one study."""
        [row] = self.studies("study_uid = ?", (study_uid,))
        return row

    def series(self, study_uid: str) -> list[SeriesRow]:
        """Return the series of a study, in order."""
        statement = f"SELECT {', '.join(SERIES_COLUMNS)} FROM series WHERE study_uid = ? ORDER BY number"
        return [SeriesRow(*row) for row in self.rows(statement, (study_uid,))]

    def _insert(self, studies: Iterable[StudyRow], series: Iterable[SeriesRow]) -> None:
        columns = ", ".join(STUDY_COLUMNS)
        marks = ", ".join("?" * len(STUDY_COLUMNS))
        self._connection.executemany(
            f"INSERT OR REPLACE INTO study ({columns}) VALUES ({marks})", map(astuple, studies)
        )
        columns, marks = ", ".join(SERIES_COLUMNS), ", ".join("?" * len(SERIES_COLUMNS))
        self._connection.executemany(
            f"INSERT OR REPLACE INTO series ({columns}, modality) VALUES ({marks}, ?)",
            ((*astuple(one), one.recipe.modality) for one in series),
        )

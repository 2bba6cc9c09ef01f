"""The laboratory's view on MariaDB: its types, dates of zero, time zones and collations."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.domain.pathology import FeedContent, ReportedAssay
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from tests import mariadb
from tests.database import run_sql

pytestmark = pytest.mark.skipif(mariadb.why_not() is not None, reason=f"{mariadb.why_not()}")

NOW = datetime(2020, 6, 1, 3, tzinfo=UTC)
SINCE = datetime(2020, 5, 31, tzinfo=UTC)
TABLE = """
CREATE TABLE befunde (
    nr CHAR(12) NOT NULL, fassung DECIMAL(12, 2) NOT NULL, issuer VARCHAR(8), patient_id CHAR(10) NOT NULL,
    birth_date DATE, sex CHAR(8), report_status VARCHAR(20), diagnosis BLOB, surgery_date DATETIME,
    specimen_date DATE, age_years DECIMAL(4, 1), gesperrt TINYINT(1) DEFAULT 0, method VARCHAR(40),
    result VARBINARY(40), geaendert {changed}
)
"""
MAPPING = LaboratoryMapping(view="idh_results", changed="geaendert", columns={"report_id": "nr", "version": "fassung"})
ROW: dict[str, Any] = {
    "nr": "R1", "fassung": 1, "issuer": "H", "patient_id": "0012", "birth_date": "1958-01-01", "sex": "weiblich",
    "report_status": "Endbefund", "diagnosis": "Glioblastom, WHO-Grad 4, Großhirn".encode(),
    "surgery_date": "2018-06-02 08:30:00", "specimen_date": "0000-00-00", "age_years": "60.0",
    "method": "IDH1 codon 132 sequencing", "result": b"negativ", "geaendert": "2020-05-31 20:00:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def lis() -> Iterator[str]:
    """Return the URL of a MariaDB server."""
    with mariadb.server() as url:
        yield url


def fill(url: str, *rows: dict[str, Any], changed: str = "DATETIME NULL") -> None:
    """Make the table and its view anew, and add rows as an old application does that stores dates of zero."""
    for statement in ("DROP VIEW IF EXISTS idh_results", "DROP TABLE IF EXISTS befunde", TABLE.format(changed=changed),
                      "CREATE VIEW idh_results AS SELECT * FROM befunde WHERE gesperrt = 0"):  # fmt: skip
        run_sql(url, statement)
    for row in rows:
        given = ROW | row
        names = ", ".join(given)
        values = ", ".join(f":{name}" for name in given)
        run_sql(f"{url}&sql_mode=", f"INSERT INTO befunde ({names}) VALUES ({values})", **given)


def read(url: str, since: datetime | None = None) -> FeedContent:
    return read_rows(Laboratory(url, MAPPING).read(since, NOW).rows, least_drifted=10)


def test_every_type_is_read(lis: str) -> None:
    fill(lis, {}, {"method": "IDH2 codon 172 sequencing"})
    [report] = read(lis).reports
    assert (report.report_id, report.version, report.patient_id, report.age_years) == ("R1", 1, "0012", 60)
    assert (report.birth_date, report.surgery_date, report.specimen_date) == (date(1958, 1, 1), date(2018, 6, 2), None)
    assert report.diagnosis == "Glioblastom, WHO-Grad 4, Großhirn"
    assert report.assays == tuple(
        ReportedAssay(f"IDH{n} codon {c} sequencing", "negativ") for n, c in ((1, 132), (2, 172))
    )


def test_identifiers_that_differ_in_case_stay_apart(lis: str) -> None:
    """The collation of the column compares them as equal."""
    other = {"nr": "r1", "patient_id": "0013", "result": b"R132H", "geaendert": "2019-01-01 00:00:00"}
    fill(lis, {}, other)
    assert {(r.report_id, r.patient_id, r.assays[0].result) for r in read(lis, SINCE).reports} >= {
        ("R1", "0012", "negativ")
    }
    assert {(r.report_id, r.patient_id) for r in read(lis).reports} == {("R1", "0012"), ("r1", "0013")}


@pytest.mark.parametrize("changed", ["DATETIME NULL", "TIMESTAMP NULL", "DATE NULL", "VARCHAR(30)", "DATETIME(6) NULL"])
def test_whole_reports_are_read_whatever_the_type_of_the_time_of_change(lis: str, changed: str) -> None:
    second = {"method": "IDH2 codon 172 sequencing", "geaendert": "2019-01-01 00:00:00"}
    fill(
        lis, {}, second, {"nr": "R2", **second}, {"nr": "R3", "geaendert": None},
        {"nr": "R4", "geaendert": "2037-12-31 00:00:00"}, {"nr": "R5", "geaendert": "0000-00-00 00:00:00"},
        changed=changed,
    )  # fmt: skip
    laboratory = Laboratory(lis, MAPPING)
    rows = laboratory.read(SINCE, NOW)
    assert sorted(str(row["report_id"]) for row in rows.rows) == ["R1", "R1", "R3", "R4", "R5"]
    assert (rows.in_future, rows.latest_change and rows.latest_change.date()) == (1, date(2020, 5, 31))
    assert len(laboratory.read(None, NOW).rows) == 6


def test_a_wrong_value_rejects_its_report_and_not_the_view(lis: str) -> None:
    fill(lis, {"sex": "perhaps"}, {"nr": "R2"})
    content = read(lis, SINCE)
    assert [report.report_id for report in content.reports] == ["R2"]
    assert [rejected.column for rejected in content.rejected] == ["sex"]


def test_a_missing_view_and_a_missing_column_are_named(lis: str) -> None:
    fill(lis)
    for mapping in (MAPPING.model_copy(update={"view": "other"}), MAPPING.model_copy(update={"changed": "other"})):
        with pytest.raises(RunRefusedError, match="E_SCHEMA"):
            Laboratory(lis, mapping).read(None, NOW)
    with pytest.raises(RunRefusedError, match="E_SCHEMA"):
        Laboratory(lis, MAPPING.model_copy(update={"view": "other"})).count()


def test_the_feed_reads_each_night_what_changed(lis: str, platform: Platform, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('changed = "geaendert"\n[columns]\nreport_id = "nr"\nversion = "fassung"\n')
    settings = platform.settings.model_copy(update={"pathology_url": SecretStr(lis), "pathology_mapping": mapping})
    night = Platform(settings)
    second = {"method": "IDH2 codon 172 sequencing", "geaendert": "2019-01-01 00:00:00"}
    fill(lis, {}, second, {"nr": "R2", "geaendert": "2099-12-31 00:00:00"})
    assert [feed.load_reports(night), feed.load_reports(night)] == [2, 0]
    newer = {"fassung": 2, "result": b"R132H"}
    fill(lis, {}, second, newer, newer | second, {"nr": "R2", "geaendert": "2099-12-31 00:00:00"})
    assert feed.load_reports(night) == 1
    [position] = run_sql(platform, "SELECT position FROM idh.watermark WHERE source = 'pathology'")
    assert position[0] < "2021"
    assert run_sql(platform, "SELECT count(*) FROM idh.assay WHERE version = 2") == [(2,)]

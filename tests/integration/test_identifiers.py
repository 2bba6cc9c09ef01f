"""No table or view of schema idh holds an identifier, a true date, or what would undo a shift."""

from datetime import date, timedelta

import pytest

from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.link.cases import link_cases
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.factories import MARKER_ID
from tests.hospital import drop, study
from tests.integration.test_link import deliver, report

STUDY_DATE, BIRTH_DATE = date(2018, 3, 4), date(1960, 1, 2)
SURGERY = date(2018, 3, 20)
RELATIONS = """
SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema = :schema ORDER BY 1
"""


@pytest.fixture
def linked(platform: Platform) -> Platform:
    """Return a platform with an ingested study and a linked report of the same patient."""
    drop(platform, "delivery", study())
    ingest(platform, ("bucket",))
    known = {"patient_id": MARKER_ID, "birth_date": f"{BIRTH_DATE}", "surgery_date": f"{SURGERY}", "issuer": "LOCAL"}
    deliver(platform, report("R-4711", **known))
    link_cases(platform)
    return platform


def relations(platform: Platform, schema: str) -> list[str]:
    return [name for (name,) in run_sql(platform, RELATIONS, schema=schema)]


def rows(platform: Platform, relation: str) -> list[str]:
    return [text for (text,) in run_sql(platform, f"SELECT r::text FROM {relation} AS r")]


def spellings(day: date) -> set[str]:
    return {f"{day}", f"{day:%Y%m%d}"}


def secrets_of(platform: Platform) -> set[str]:
    """Return what must not appear: identifiers, true dates, and the report's own number."""
    dates = set().union(*map(spellings, (STUDY_DATE, BIRTH_DATE, SURGERY)))
    return {MARKER_ID, "Zebedee", "ZEBEDEE", "R-4711", "1.2.3"} | dates


def test_schema_idh_names_no_patient_and_no_true_date(linked: Platform) -> None:
    assert rows(linked, "idh.case_link")
    names = relations(linked, "idh")
    assert {"idh.report", "idh.study", "idh.case_link", "idh.latest_merge"} <= set(names)
    held = {name: [row for row in rows(linked, name) if any(s in row for s in secrets_of(linked))] for name in names}
    assert {name: found for name, found in held.items() if found} == {}


def test_the_search_finds_what_it_looks_for(linked: Platform) -> None:
    everything = " ".join(row for name in relations(linked, "phi") for row in rows(linked, name))
    assert {s for s in secrets_of(linked) if s in everything} >= {MARKER_ID, "R-4711", f"{BIRTH_DATE}", f"{SURGERY}"}


def test_no_two_dates_of_schema_idh_differ_by_the_shift_and_none_can_be_moved_back(linked: Platform) -> None:
    shift = linked.pseudonymiser.shift_days(linked.pseudonymiser.patient("LOCAL", MARKER_ID))
    columns = run_sql(
        linked,
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'idh' AND (data_type = 'date' OR column_name LIKE '%shift%')",
    )
    assert not [name for _, name in columns if "shift" in name]
    dates = {value for table, name in columns for (value,) in run_sql(linked, f"SELECT {name} FROM {table}") if value}
    assert STUDY_DATE - timedelta(days=shift) in dates
    assert not {day for day in dates if day + timedelta(days=shift) in dates}

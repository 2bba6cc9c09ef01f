"""The schema and its constraints on a real PostgreSQL."""

import pytest

from idh_tasks.db.engine import Database
from idh_tasks.db.identities import Identity, register_patient
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT
from tests.database import run_sql
from tools.er_page import er_page


def patient(key: str, sex: str) -> Identity:
    return Identity(PatientKey(key), "H", key, None, None, sex)


def register(platform: Platform, *patients: Identity) -> None:
    """Register patients in one transaction."""
    with platform.database.begin() as transaction:
        for identity in patients:
            register_patient(transaction, identity)


def test_migrating_twice_changes_nothing(platform: Platform) -> None:
    before = er_page(platform)
    platform.database.migrate()
    assert er_page(platform) == before


def test_the_er_diagram_is_up_to_date(platform: Platform) -> None:
    assert (ROOT / "docs" / "er-diagram.md").read_text() == er_page(platform), "run `make docs`"


def test_a_failed_transaction_leaves_nothing(platform: Platform) -> None:
    with pytest.raises(RunRefusedError):
        register(platform, patient("p", "F"), patient("q", "not a sex"))
    assert run_sql(platform, "SELECT patient_key FROM idh.patient") == []


def test_an_unreachable_database_is_a_transient_error() -> None:
    with pytest.raises(TransientError), Database("postgresql+psycopg2://x@127.0.0.1:1/none").begin():
        pass


def test_an_error_message_contains_no_value(platform: Platform) -> None:
    with pytest.raises(RunRefusedError) as caught:
        register(platform, patient("Zebedee", "Marker"))
    assert "Zebedee" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_p09_sql_in_an_identifier_is_stored_literally(platform: Platform) -> None:
    hostile = "O'Brien'; DROP TABLE idh.patient; --"
    for _ in range(2):
        register(platform, patient(hostile, "F"))
    assert run_sql(platform, "SELECT patient_key FROM idh.patient") == [(hostile,)]

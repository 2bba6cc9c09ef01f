"""The schema and its guards on a real PostgreSQL."""

import pytest

from idh_tasks.db.engine import Database
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT
from tools.er_page import er_page


def test_migrating_twice_changes_nothing(platform: Platform) -> None:
    before = er_page(platform)
    platform.database.migrate()
    assert er_page(platform) == before


def test_the_er_diagram_is_up_to_date(platform: Platform) -> None:
    assert (ROOT / "docs" / "er-diagram.md").read_text() == er_page(platform), "run `make docs`"


def test_a_failed_transaction_leaves_nothing(platform: Platform) -> None:
    patients = [{"patient_key": "p", "sex": "F"}, {"patient_key": "q", "sex": "not a sex"}]
    with pytest.raises(RunRefusedError), platform.database.begin() as transaction:
        transaction.run_many("identities/insert_patient", patients)
    with platform.database.begin() as transaction:
        assert transaction.one("identities/select_patient_identity", patient_key="p") is None


def test_a_database_that_is_away_may_come_back() -> None:
    with pytest.raises(TransientError), Database("postgresql+psycopg2://x@127.0.0.1:1/none").begin():
        pass


def test_a_message_never_holds_a_value(platform: Platform) -> None:
    with pytest.raises(RunRefusedError) as caught, platform.database.begin() as transaction:
        transaction.run("identities/insert_patient", patient_key="Zebedee", sex="Marker")
    assert "Zebedee" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_p09_sql_in_an_identifier_is_stored_literally(platform: Platform) -> None:
    hostile = "O'Brien'; DROP TABLE idh.patient; --"
    with platform.database.begin() as transaction:
        transaction.run("identities/insert_patient", patient_key=hostile, sex="F")
    with platform.database.begin() as transaction:
        assert transaction.run("identities/insert_patient", patient_key=hostile, sex="F") == 0

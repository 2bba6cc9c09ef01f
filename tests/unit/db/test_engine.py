"""Rows become typed values; a row of an unexpected type is refused without showing its content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import create_engine, text

from idh_tasks.codes import Code
from idh_tasks.db import engine
from idh_tasks.db.engine import Database, Transaction
from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.errors import RunRefusedError, SettingsRefusedError

WRONG = {
    "a database": "is not one of SQLAlchemy",
    "nosuch+driver://user:s3cret@host/idh": "is not one of SQLAlchemy",
    "postgresql://user:s3cret@host:port/idh": "is not one of SQLAlchemy",
    "postgresql+asyncpg://user:s3cret@host/idh": "names an asynchronous driver, asyncpg",
}


@dataclass(frozen=True)
class Row:
    """One row of the queries below."""

    code: Code
    day: date | None


@pytest.fixture
def transaction(monkeypatch: pytest.MonkeyPatch) -> Iterator[Transaction]:
    """Return a transaction in which a query's name is its statement."""
    monkeypatch.setattr(engine, "query", text)
    with create_engine("sqlite://").connect() as connection:
        yield Transaction(connection)


def test_columns_become_the_fields_of_a_row(transaction: Transaction) -> None:
    rows = transaction.all(Row, "SELECT 'E_FEED' AS code, '2018-05-01' AS day UNION ALL SELECT 'E_REVIEW', NULL")
    assert rows == [Row(Code.E_FEED, date(2018, 5, 1)), Row(Code.E_REVIEW, None)]
    assert transaction.first(Row, "SELECT 'E_FEED' AS code, NULL AS day") == Row(Code.E_FEED, None)
    assert transaction.first(Row, "SELECT 'E_FEED' AS code, NULL AS day WHERE 1 = 0") is None


def test_one_column_becomes_a_list_of_values(transaction: Transaction) -> None:
    assert transaction.column(Code, "SELECT 'E_FEED' UNION ALL SELECT 'E_REVIEW'") == [Code.E_FEED, Code.E_REVIEW]


def test_an_unexpected_type_is_refused_with_the_column_and_without_its_content(transaction: Transaction) -> None:
    with pytest.raises(RunRefusedError, match=r"E_SCHEMA.*day") as refusal:
        transaction.all(Row, "SELECT 'E_FEED' AS code, :name AS day", name="Zebedee")
    assert "Zebedee" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_an_unexpected_value_in_a_column_is_refused_without_its_content(transaction: Transaction) -> None:
    with pytest.raises(RunRefusedError, match="E_SCHEMA") as refusal:
        transaction.column(int, "SELECT :name", name="Zebedee")
    assert "Zebedee" not in str(refusal.value)


@pytest.mark.parametrize(("url", "words"), WRONG.items(), ids=WRONG)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_opened(url: str, words: str) -> None:
    for opened, name in (
        (lambda: Database(url), "platform"),
        (lambda: Laboratory(url, LaboratoryMapping()), "laboratory"),
    ):
        with pytest.raises(SettingsRefusedError, match=f"the address of the {name}'s database {words}") as refusal:
            opened()
        assert "s3cret" not in str(refusal.value)


def test_the_platform_needs_postgresql_and_the_laboratory_may_have_any_database() -> None:
    with pytest.raises(
        SettingsRefusedError, match="E_SETTINGS: the platform's database must be PostgreSQL, not sqlite"
    ):
        Database("sqlite:////nowhere/idh.db")
    assert Laboratory("sqlite:////nowhere/lis.db", LaboratoryMapping()).address == "/nowhere/lis.db: idh_results"

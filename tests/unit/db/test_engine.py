"""Rows become typed values; a row of an unexpected type is refused without showing its content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import create_engine, text

from idh_tasks.codes import Code
from idh_tasks.db import engine
from idh_tasks.db.engine import Transaction
from idh_tasks.errors import RunRefusedError


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

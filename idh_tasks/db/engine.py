"""The engine, the migrations and the way from a query's name to its rows."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, TextClause, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.settings import SQL

R = TypeVar("R")

MIGRATION_LOCK = 4_711_001


@cache
def query(name: str) -> TextClause:
    """Return the statement of ``sql/queries/<family>/<name>.sql``."""
    return text((SQL / "queries" / f"{name}.sql").read_text())


class Database:
    """Short transactions on PostgreSQL; every failure named, no value in a message."""

    def __init__(self, url: str) -> None:
        # Statements carry identifiers of patients as parameters: none may reach a message.
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)

    @contextmanager
    def begin(self) -> Iterator["Transaction"]:
        """Open a transaction: committed at the end, rolled back on any error.

        Raises
        ------
        TransientError
            ``E_DATABASE`` if the server is away, fails over, or the transaction lost a race.
        """
        try:
            with self._engine.begin() as connection:
                yield Transaction(connection)
        except DBAPIError as error:
            _translate(error)

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to call at any time, by many at once."""
        config = Config()
        config.set_main_option("script_location", str(SQL / "migrations"))
        with self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


class Transaction:
    """The named queries of sql/queries inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, row_type: type[R], name: str, /, **values: Any) -> list[R]:
        """Return all rows of a query as values of `row_type`, whose fields are the columns."""
        adapter = TypeAdapter(row_type)
        return [adapter.validate_python(dict(row)) for row in self.rows(name, **values)]

    def first(self, row_type: type[R], name: str, /, **values: Any) -> R | None:
        """Return the first row of a query as a value of `row_type`, or None."""
        row = self.one(name, **values)
        return None if row is None else TypeAdapter(row_type).validate_python(dict(row))

    def rows(self, name: str, /, **values: Any) -> list[RowMapping]:
        """Return all rows of a query."""
        return list(self._connection.execute(query(name), values).mappings())

    def one(self, name: str, /, **values: Any) -> RowMapping | None:
        """Return the first row of a query, or nothing."""
        return self._connection.execute(query(name), values).mappings().first()

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return the number of rows it touched."""
        return self._connection.execute(query(name), values).rowcount

    def run_many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each row."""
        listed = [dict(row) for row in rows]
        if listed:
            self._connection.execute(query(name), listed)


def _translate(error: DBAPIError) -> None:
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", "") or "")
    lost = error.connection_invalidated or state[:2] in ("08", "40", "53", "57", "25", "")
    if lost:
        raise TransientError(Code.E_DATABASE, f"the database did not finish the work ({state})") from None
    if state in ("42P01", "42703", "42704"):
        raise RunRefusedError(Code.E_SCHEMA, "a table or column is missing; run the migrations") from None
    raise RunRefusedError(Code.E_CONSTRAINT, f"the database refused the row ({state})") from None

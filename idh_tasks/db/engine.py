"""Database access: connections, migrations, and named queries whose rows become typed values."""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn, TypeVar, cast

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Engine, RowMapping, TextClause, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from idh_tasks.codes import Code
from idh_tasks.db.row_sets import arrays
from idh_tasks.errors import RunRefusedError, SettingsRefusedError, TransientError
from idh_tasks.settings import SQL

R = TypeVar("R")

MIGRATION_LOCK = 4_711_001
POSTGRESQL = "postgresql"
LOGIN_REFUSED = "refuses the login: user or password is wrong, or the login may not connect"
REFUSALS = (
    "authentication failed",
    "permission denied for database",
    "is not permitted to log in",
    "Login failed",
    "Access denied for user",
    "ORA-01017",
)
"""What the drivers say of a refused login; most of them give no SQLSTATE for it."""


@cache
def _adapter(value_type: Hashable) -> TypeAdapter[Any]:
    # Building a validator costs more than using it.
    return TypeAdapter(value_type)


@cache
def query(name: str) -> TextClause:
    """Return the statement in ``sql/queries/<family>/<name>.sql``."""
    return text((SQL / "queries" / f"{name}.sql").read_text())


def json_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a few rows as one JSON array; sets of any size go through `Transaction.run_set`."""
    return json.dumps(list(rows), default=str)


class Database:
    """Short transactions on PostgreSQL; error messages have a code and never contain a value.

    Rows that a transaction inserts are marked with `task`, the Airflow task that opened it.
    """

    def __init__(self, url: str, task: str = "") -> None:
        self._task = task
        self._engine = engine_at(url, "the platform's database")
        if self._engine.dialect.name != POSTGRESQL:
            kind = self._engine.dialect.name
            raise SettingsRefusedError(Code.E_SETTINGS, f"the platform's database must be PostgreSQL, not {kind}")

    @contextmanager
    def begin(self) -> Iterator["Transaction"]:
        """Open a transaction, committed at the end and rolled back on any error.

        Raises
        ------
        TransientError
            ``E_DATABASE`` if the server is unreachable or fails over, or if the transaction was chosen to be aborted.
        RunRefusedError
            ``E_SCHEMA`` if a table, column or right is missing, ``E_CONSTRAINT`` if a row is refused.
        """
        try:
            with self._engine.begin() as connection:
                if self._task:
                    # Columns `made_by` have this setting as their default.
                    connection.execute(text("SELECT set_config('idh.task', :task, true)"), {"task": self._task})
                yield Transaction(connection)
        except DBAPIError as error:
            _translate(error)

    @contextmanager
    def session(self) -> Iterator["Transaction"]:
        """Open a session in which each statement is a transaction of its own, for locks that belong to a session.

        Raises
        ------
        TransientError
            ``E_DATABASE``, as for `begin`.
        """
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield Transaction(connection)
        except DBAPIError as error:
            _translate(error)

    @property
    def address(self) -> str:
        """Return host, port and name of the database; see `address_of`."""
        return address_of(self._engine)

    @staticmethod
    def newest_version() -> str:
        """Return the version to which `migrate` brings the schema."""
        return str(ScriptDirectory.from_config(_migrations()).get_current_head())

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to call at any time and from several processes at once.

        Raises
        ------
        TransientError
            ``E_DATABASE`` if the server is unreachable.
        """
        config = _migrations()
        try:
            with self._engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except OperationalError as error:
            _translate(error)


def engine_at(url: str, name: str) -> Engine:
    """Return an engine that keeps no connection.

    Parameters
    ----------
    name
        What the database is called in the refusal.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if the URL is not one of SQLAlchemy, or its driver is not installed or not for blocking calls.
    """
    try:
        # Statements have patient identifiers as parameters, which must not appear in messages.
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, ImportError, ValueError):  # their texts contain the address, with its password
        reason = f"the address of {name} is not one of SQLAlchemy, or its driver is not installed"
        raise SettingsRefusedError(Code.E_SETTINGS, reason) from None
    if engine.dialect.is_async:
        reason = f"the address of {name} names an asynchronous driver, {engine.driver}"
        raise SettingsRefusedError(Code.E_SETTINGS, reason)
    return engine


def address_of(engine: Engine) -> str:
    """Return host, port and name of a database, without the login."""
    url = engine.url
    host = url.host or ("socket" if "host" in url.query else "")
    return "".join((host, f":{url.port}" if url.port else "", f"/{url.database}" if host else url.database or ""))


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SQL / "migrations"))
    return config


class Transaction:
    """Runs the named queries of sql/queries inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, row_type: type[R], name: str, /, **values: Any) -> list[R]:
        """Return all rows of a query as values of `row_type`, whose fields are the columns."""
        return [_typed(row_type, dict(row), name) for row in self.rows(name, **values)]

    def first(self, row_type: type[R], name: str, /, **values: Any) -> R | None:
        """Return the first row of a query as a value of `row_type`, or None."""
        row = self.one(name, **values)
        return None if row is None else _typed(row_type, dict(row), name)

    def column(self, value_type: type[R], name: str, /, **values: Any) -> list[R]:
        """Return the first column of all rows of a query as values of `value_type`."""
        return [_typed(value_type, value, name) for value in self._connection.execute(query(name), values).scalars()]

    def rows(self, name: str, /, **values: Any) -> list[RowMapping]:
        """Return all rows of a query."""
        return list(self._connection.execute(query(name), values).mappings())

    def one(self, name: str, /, **values: Any) -> RowMapping | None:
        """Return the first row of a query, or None."""
        return self._connection.execute(query(name), values).mappings().first()

    def run(self, name: str, /, **values: Any) -> int:
        """Run a statement and return the number of rows that it changed."""
        return self._connection.execute(query(name), values).rowcount

    def run_set(self, name: str, rows: Iterable[Mapping[str, Any]], /, **values: Any) -> int:
        """Run a statement on a set of rows of any size, as `rows`; return the number of rows that it changed.

        The set is passed in several arrays if it is large, so that the statement must treat each row by itself.
        """
        return sum(self.run(name, rows=array, **values) for array in arrays(rows))

    def all_of_set(self, row_type: type[R], name: str, rows: Iterable[Mapping[str, Any]], /, **values: Any) -> list[R]:
        """Return all rows of a query about a set of rows, passed as by `run_set`."""
        return [found for array in arrays(rows) for found in self.all(row_type, name, rows=array, **values)]

    def column_of_set(
        self, value_type: type[R], name: str, rows: Iterable[Mapping[str, Any]], /, **values: Any
    ) -> list[R]:
        """Return the first column of a query about a set of rows, passed as by `run_set`."""
        return [found for array in arrays(rows) for found in self.column(value_type, name, rows=array, **values)]

    def run_many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once per row."""
        listed = [dict(row) for row in rows]
        if listed:
            self._connection.execute(query(name), listed)


def _typed(value_type: type[R], value: object, name: str) -> R:
    """Return a row or a value in its type; the message names the columns, not what they contain."""
    try:
        typed: R = _adapter(cast("Hashable", value_type)).validate_python(value)
    except ValidationError as error:
        columns = ", ".join(sorted({str(part["loc"][0]) for part in error.errors() if part["loc"]})) or "the value"
        raise RunRefusedError(Code.E_SCHEMA, f"{name} returned an unexpected type in {columns}") from None
    return typed


def refuses_login(error: DBAPIError) -> bool:
    """Return whether a server was reached and refused the login."""
    return any(words in str(error.orig) for words in REFUSALS)


def _translate(error: DBAPIError) -> NoReturn:
    state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", "") or "")
    if refuses_login(error):
        raise TransientError(Code.E_DATABASE, f"the database {LOGIN_REFUSED}") from None
    if not state and not error.connection_invalidated:
        raise TransientError(Code.E_DATABASE, "the database cannot be reached") from None
    lost = error.connection_invalidated or state[:2] in ("08", "40", "53", "57", "25", "")
    if lost:
        raise TransientError(Code.E_DATABASE, f"the database did not finish the transaction ({state})") from None
    if state in ("42P01", "42703", "42704"):
        raise RunRefusedError(Code.E_SCHEMA, "a table or column is missing; run the migrations") from None
    if state == "42501":
        raise RunRefusedError(Code.E_SCHEMA, "this login lacks a right; check its role, or migrate") from None
    raise RunRefusedError(Code.E_CONSTRAINT, f"the database refused the row ({state})") from None

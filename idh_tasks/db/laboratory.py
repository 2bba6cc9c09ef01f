"""The laboratory's own database, read through SQLAlchemy, and a stand-in for it in the demo and the tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, Select, column, create_engine, func, inspect, select, table
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.pool import NullPool

from idh_tasks.codes import Code
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.domain.pathology import OPTIONAL_COLUMNS, FeedRow, ReportColumn
from idh_tasks.errors import RunRefusedError, TransientError

OVERLAP = timedelta(days=2)
"""A row may be committed later than its time of change states: rows from shortly before are read again."""

COLUMNS: tuple[ReportColumn, ...] = get_args(ReportColumn)


@dataclass(frozen=True)
class LaboratoryRows:
    """Rows under our column names, and the latest change among them if the view states it."""

    rows: Sequence[FeedRow]
    latest_change: datetime | None

    def __repr__(self) -> str:
        return f"LaboratoryRows({len(self.rows)} rows)"


class Laboratory:
    """The laboratory's view, read only.

    Parameters
    ----------
    url
        Any URL that SQLAlchemy has a driver for.
    mapping
        The laboratory's names for our view and columns.
    """

    def __init__(self, url: str, mapping: LaboratoryMapping) -> None:
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        self._mapping = mapping
        schema, _, name = mapping.view.rpartition(".")
        self._schema, self._name = schema or None, name
        self._from = table(name, schema=schema or None)

    def count(self) -> int:
        """Return the number of rows in the view.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is unreachable.
        RunRefusedError
            ``E_SCHEMA`` naming what is missing.
        """
        with self._connected() as connection:
            return connection.execute(select(func.count()).select_from(self._from)).scalar_one()

    def read(self, since: datetime | None = None) -> LaboratoryRows:
        """Return the rows of the view.

        Parameters
        ----------
        since
            Leave out rows last changed before this time, less an overlap; has an effect only if the mapping names
            the column with the time of change.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is unreachable.
        RunRefusedError
            ``E_SCHEMA`` naming the columns that are missing.
        """
        with self._connected() as connection:
            rows: list[dict[str, Any]] = [
                dict(row) for row in connection.execute(self._statement(connection, since)).mappings()
            ]
        changes = [_moment(row.pop("changed")) for row in rows] if self._mapping.changed else []
        return LaboratoryRows(rows, max(changes, default=None))

    def _statement(self, connection: Connection, since: datetime | None) -> Select[Any]:
        changed = self._mapping.changed
        missing = self._missing_columns(connection)
        wanted: list[ColumnElement[Any]] = [
            column(self._mapping.column_of(name)).label(name) for name in COLUMNS if name not in missing
        ]
        if changed is None:
            return select(*wanted).select_from(self._from)
        statement = select(*wanted, column(changed).label("changed")).select_from(self._from)
        return statement if since is None else statement.where(column(changed) >= since - OVERLAP)

    def _missing_columns(self, connection: Connection) -> set[ReportColumn]:
        """Return the optional columns that the view lacks; a required one that is missing is an error."""
        try:
            present = {column["name"] for column in inspect(connection).get_columns(self._name, self._schema)}
        except NoSuchTableError:
            raise RunRefusedError(Code.E_SCHEMA, "the laboratory's view does not exist") from None
        missing: set[ReportColumn] = {name for name in COLUMNS if self._mapping.column_of(name) not in present}
        if required := sorted(self._mapping.column_of(name) for name in missing if name not in OPTIONAL_COLUMNS):
            raise RunRefusedError(Code.E_SCHEMA, f"columns are missing in the laboratory's view: {', '.join(required)}")
        return missing

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", "") or "")
            if state.startswith("42") or "no such" in str(error.orig):
                raise RunRefusedError(Code.E_SCHEMA, "a table or column of the laboratory's view is missing") from None
            raise TransientError(Code.E_LABORATORY, f"the laboratory's database is unreachable ({state})") from None


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def fill_stand_in(laboratory: Database, rows: Iterable[Mapping[str, object]]) -> None:
    """Add rows to the stand-in for the laboratory's database, creating its table if necessary."""
    with laboratory.begin() as transaction:
        transaction.run("laboratory/create_laboratory_results")
        transaction.run_many("laboratory/insert_laboratory_result", rows)

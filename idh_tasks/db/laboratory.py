"""The laboratory's own database: any SQLAlchemy URL, their names by a mapping file, read only."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, Select, column, create_engine, func, inspect, select, table
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.pool import NullPool

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import OPTIONAL_COLUMNS, ReportColumn
from idh_tasks.errors import RunRefusedError, TransientError

OVERLAP = timedelta(days=2)
"""Rows may be committed later than their time says: what changed shortly before is read again."""

NAMES: tuple[ReportColumn, ...] = get_args(ReportColumn)


class LaboratoryView(BaseModel):
    """Which view and columns of theirs are which of ours; ours keep their names where nothing is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: str = "idh_results"
    columns: dict[ReportColumn, str] = {}
    changed: str | None = None
    """Their column with the time of a row's last change: then only what is new is read."""

    def theirs(self, name: ReportColumn) -> str:
        """Return their name of a column of ours."""
        return self.columns.get(name, name)


def read_mapping(path: Path | None) -> LaboratoryView:
    """Read a mapping file (TOML).

    Raises
    ------
    RunRefusedError
        ``E_SETTINGS`` if it is not readable or names what we do not know.
    """
    if path is None:
        return LaboratoryView()
    try:
        return LaboratoryView.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError):
        raise RunRefusedError(Code.E_SETTINGS, f"the mapping file {path.name} is not readable or not valid") from None


class Laboratory:
    """The view of the laboratory, read with our names.

    Parameters
    ----------
    url
        Any URL that SQLAlchemy has a driver for.
    """

    def __init__(self, url: str, view: LaboratoryView) -> None:
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        self._view = view
        schema, _, name = view.view.rpartition(".")
        self._schema, self._name = schema or None, name
        self._from = table(name, schema=schema or None)

    def count(self) -> int:
        """Return how many rows the view has.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is away.
        RunRefusedError
            ``E_SCHEMA`` with what is missing.
        """
        with self._connected() as connection:
            return connection.execute(select(func.count()).select_from(self._from)).scalar_one()

    def rows(self, since: datetime | None = None) -> tuple[list[dict[str, Any]], datetime | None]:
        """Return the rows under our names, and the latest change among them.

        Parameters
        ----------
        since
            Leave out what has not changed since, less an overlap; needs a `changed` column.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is away.
        RunRefusedError
            ``E_SCHEMA`` with the columns that are missing.
        """
        with self._connected() as connection:
            rows = [dict(row) for row in connection.execute(self._statement(connection, since)).mappings()]
        latest = [_moment(row.pop("changed")) for row in rows] if self._view.changed else []
        return rows, max(latest, default=None)

    def _statement(self, connection: Connection, since: datetime | None) -> Select[Any]:
        changed = self._view.changed
        absent = self._absent(connection)
        names = [name for name in NAMES if name not in absent]
        wanted: list[Any] = [column(self._view.theirs(name)).label(name) for name in names]
        if changed is None:
            return select(*wanted).select_from(self._from)
        statement = select(*wanted, column(changed).label("changed")).select_from(self._from)
        return statement if since is None else statement.where(column(changed) >= since - OVERLAP)

    def _absent(self, connection: Connection) -> set[ReportColumn]:
        """Return the optional columns that the view does not have."""
        try:
            there = {found["name"] for found in inspect(connection).get_columns(self._name, self._schema)}
        except NoSuchTableError:
            raise RunRefusedError(Code.E_SCHEMA, "the laboratory's view is not there") from None
        missing: set[ReportColumn] = {name for name in NAMES if self._view.theirs(name) not in there}
        if lost := sorted(self._view.theirs(name) for name in missing if name not in OPTIONAL_COLUMNS):
            raise RunRefusedError(Code.E_SCHEMA, f"columns are missing in the laboratory's view: {', '.join(lost)}")
        return missing

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", "") or "")
            if state.startswith("42") or "no such" in str(error.orig):
                raise RunRefusedError(Code.E_SCHEMA, "the laboratory's view has lost a table or a column") from None
            raise TransientError(Code.E_LABORATORY, f"the laboratory's database is away ({state})") from None


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)

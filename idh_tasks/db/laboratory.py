"""The laboratory's own database, read through SQLAlchemy, and a stand-in for it in the demo and the tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Select,
    column,
    func,
    inspect,
    or_,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError, NoSuchTableError, ProgrammingError
from sqlalchemy.types import TypeEngine

from idh_tasks.codes import Code
from idh_tasks.db.encryption import is_encrypted, is_local
from idh_tasks.db.engine import LOGIN_REFUSED, Database, address_of, engine_at, refuses_login
from idh_tasks.db.laboratory_mapping import LaboratoryMapping
from idh_tasks.db.laboratory_values import FIRST_CHANGE, moment_of, plain_row
from idh_tasks.domain.encryption import require_encryption
from idh_tasks.domain.pathology import OPTIONAL_COLUMNS, FeedRow, RejectedReport, ReportColumn
from idh_tasks.errors import RunRefusedError, TransientError

OVERLAP = timedelta(days=2)
"""A row may be committed later than its time of change states: rows from shortly before are read again."""

ANY_ZONE = timedelta(days=1)
"""A time without a zone may be that of any zone: only what is later than this lies in the future."""
MOST_IDS = 500
"""Oracle accepts at most 1000 values in one list."""

COLUMNS: tuple[ReportColumn, ...] = get_args(ReportColumn)


@dataclass(frozen=True)
class LaboratoryRows:
    """Rows under our column names, without the reports that contain bytes that are no UTF-8.

    Parameters
    ----------
    rejected
        The reports that are left out.
    latest_change
        The latest change up to now; None without a column with the time of change.
    in_future
        How many reports state a later change.
    """

    rows: Sequence[FeedRow]
    rejected: tuple[RejectedReport, ...] = ()
    latest_change: datetime | None = None
    in_future: int = 0

    def __repr__(self) -> str:
        return f"LaboratoryRows({len(self.rows)} rows)"


@dataclass(frozen=True)
class _Change:
    report_id: object
    moment: datetime | None


class Laboratory:
    """The laboratory's view, read only.

    Parameters
    ----------
    url
        Any URL that SQLAlchemy has a driver for.
    mapping
        The laboratory's names for our view and columns.
    private_network
        Whether no other system is on the network to it.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if the URL is none.
    """

    def __init__(self, url: str, mapping: LaboratoryMapping, *, private_network: bool = False) -> None:
        self._engine = engine_at(url, "the laboratory's database")
        self._private_network = private_network
        self._mapping = mapping
        schema, _, name = mapping.view.rpartition(".")
        self._schema, self._name = schema or None, name
        self._from = table(name, schema=schema or None)

    @property
    def address(self) -> str:
        """Return host, port and name of the database, and the view."""
        return f"{address_of(self._engine)}: {self._mapping.view}"

    def count(self) -> int:
        """Return the number of rows in the view.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is unreachable.
        RunRefusedError
            ``E_SCHEMA`` naming what is missing; ``E_UNENCRYPTED`` before the database is reached.
        """
        with self._connected() as connection:
            return connection.execute(select(func.count()).select_from(self._from)).scalar_one()

    def check(self) -> None:
        """Check that the view has the columns of the mapping, and that a row can be read, which is not looked at.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is unreachable or refuses the login.
        RunRefusedError
            ``E_SCHEMA`` naming what is missing.
        """
        with self._connected() as connection:
            connection.execute(select(*self._wanted(connection)).select_from(self._from).limit(1)).first()
            if self._mapping.changed is not None:
                self._type_of(connection, self._mapping.changed)

    def read(self, since: datetime | None, now: datetime) -> LaboratoryRows:
        """Return the rows of the view.

        Parameters
        ----------
        since
            Leave out reports of which all rows were last changed before this time, less an overlap; of the others
            all rows are read. It has an effect only if the mapping names the column with the time of change. A row
            whose time of change is missing, cannot be read or lies in the future is always read.
        now
            The time at which the view is read.

        Raises
        ------
        TransientError
            ``E_LABORATORY`` if the database is unreachable.
        RunRefusedError
            ``E_SCHEMA`` naming the columns that are missing.
        """
        with self._connected() as connection:
            statement = select(*self._wanted(connection)).select_from(self._from)
            if self._mapping.changed is None:
                return LaboratoryRows(*_decoded(_rows(connection, statement)))
            changes = self._changes(connection, self._mapping.changed, since)
            rows = [row for part in self._parts(statement, changes) for row in _rows(connection, part)]
        past = [min(change.moment, now) for change in changes if change.moment and change.moment <= now + ANY_ZONE]
        future = {str(change.report_id) for change in changes if change.moment and change.moment > now + ANY_ZONE}
        return LaboratoryRows(*_decoded(rows), max(past, default=None), len(future))

    def _changes(self, connection: Connection, changed: str, since: datetime | None) -> list[_Change]:
        """Return the rows that have changed; the database compares only times and dates, whose order is certain."""
        when: ColumnElement[Any] = column(changed)
        statement = select(column(self._mapping.column_of("report_id")), when).select_from(self._from)
        after = None if since is None else since - OVERLAP
        compare = _comparable(connection, self._type_of(connection, changed))
        if compare and after:
            statement = statement.where(or_(when.is_(None), when < compare(FIRST_CHANGE), when >= compare(after)))
        changes = [_Change(report_id, moment_of(value)) for report_id, value in connection.execute(statement)]
        return [c for c in changes if after is None or c.moment is None or c.moment >= after]

    def _parts(self, statement: Select[Any], changes: Sequence[_Change]) -> Iterator[Select[Any]]:
        """Yield the statements that read all rows of the reports that changed, and the rows that name no report."""
        report_id: ColumnElement[Any] = column(self._mapping.column_of("report_id"))
        ids = list({(type(c.report_id), c.report_id): c.report_id for c in changes if c.report_id is not None}.values())
        for start in range(0, len(ids), MOST_IDS):
            yield statement.where(report_id.in_(ids[start : start + MOST_IDS]))
        if any(change.report_id is None for change in changes):
            yield statement.where(report_id.is_(None))

    def _type_of(self, connection: Connection, name: str) -> TypeEngine[Any]:
        described = {c["name"]: c["type"] for c in inspect(connection).get_columns(self._name, self._schema)}
        if name not in described:
            raise RunRefusedError(Code.E_SCHEMA, f"columns are missing in the laboratory's view: {name}")
        return described[name]

    def _wanted(self, connection: Connection) -> list[ColumnElement[Any]]:
        missing = self._missing_columns(connection)
        return [column(self._mapping.column_of(name)).label(name) for name in COLUMNS if name not in missing]

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
        url, private = self._engine.url, self._private_network
        name = "the laboratory's database"
        require_encryption(name, encrypted=is_encrypted(url), private=private, local=is_local(url))
        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", "") or "")
            if isinstance(error, ProgrammingError) or state.startswith("42") or "no such" in str(error.orig):
                raise RunRefusedError(Code.E_SCHEMA, "a table or column of the laboratory's view is missing") from None
            if refuses_login(error):
                raise TransientError(Code.E_LABORATORY, f"the laboratory's database {LOGIN_REFUSED}") from None
            raise TransientError(Code.E_LABORATORY, f"the laboratory's database is unreachable ({state})") from None


def _rows(connection: Connection, statement: Select[Any]) -> list[FeedRow]:
    return [plain_row(dict(row)) for row in connection.execute(statement).mappings()]


def _decoded(rows: Sequence[FeedRow]) -> tuple[list[FeedRow], tuple[RejectedReport, ...]]:
    """Return the rows of the reports that could be decoded, and the others as rejected: decoding never guesses."""
    broken = {row["report_id"]: name for row in rows for name, value in row.items() if isinstance(value, bytes)}
    kept = [row for row in rows if row["report_id"] not in broken]
    return kept, tuple(RejectedReport(column, str(report_id)) for report_id, column in broken.items())


def _comparable(connection: Connection, column_type: TypeEngine[Any]) -> Callable[[datetime], date] | None:
    """Return how to write a time for comparison with a column, or None if the column may hold text.

    SQLite stores any text in a column for times.
    """
    if connection.dialect.name == "sqlite" or not isinstance(column_type, Date | DateTime):
        return None
    if isinstance(column_type, Date):
        return lambda moment: moment.date()
    return (lambda moment: moment) if column_type.timezone else (lambda moment: moment.replace(tzinfo=None))


def fill_stand_in(laboratory: Database, rows: Iterable[Mapping[str, object]]) -> None:
    """Add rows to the stand-in for the laboratory's database, creating its table if necessary."""
    with laboratory.begin() as transaction:
        transaction.run("laboratory/create_laboratory_results")
        transaction.run_many("laboratory/insert_laboratory_result", rows)

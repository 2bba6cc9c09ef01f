"""Makes a PostgreSQL server ask every login for its password."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.errors import DuplicateDatabase
from psycopg2.extensions import cursor

from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.local import logins
from idh_tasks.local.installation import PRIVATE
from idh_tasks.local.logins import Login
from idh_tasks.local.process import wait_until

RULES = "# Written by `idh up`: every login needs its password.\nlocal all all scram-sha-256\n"
RELOADED_S = 20.0
LOCK = 4_711_004


def secure(data: Path, sockets: Path, password_of: Callable[[Role | Login], str]) -> None:
    """Create the databases and logins, and let the server accept a login only with its password.

    Parameters
    ----------
    data, sockets
        Folders of a running server; one that was just made, or is of an older version, asks for no passwords.

    Raises
    ------
    RunRefusedError
        ``E_START`` if the server refuses the administrator's password.
    TransientError
        ``E_START`` if it goes on accepting a login without its password.
    """
    password = password_of(Login.ADMINISTRATOR)
    passwords = {logins.name_of(login): password_of(login) for login in logins.LOGINS}
    with _administrator(sockets, "postgres", password) as server:
        # Two processes that start at the same time must not change the same roles; the lock ends with the session.
        server.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        server.execute(logins.roles_sql(passwords))
        _create_databases(server)
        for database in logins.OWNERS:
            with _administrator(sockets, database, password) as inside:
                inside.execute(logins.database_sql(database))
        if _write_rules(data / "pg_hba.conf"):
            server.execute("SELECT pg_reload_conf()")
    if not wait_until(lambda: not _admits(sockets, "wrong"), RELOADED_S):
        raise TransientError(Code.E_START, f"PostgreSQL accepts any password; see {data / 'pg_hba.conf'}")


def _create_databases(server: cursor) -> None:
    for name in logins.OWNERS:
        try:
            server.execute(f"CREATE DATABASE {name}")
        except DuplicateDatabase:
            continue


def _write_rules(path: Path) -> bool:
    """Return whether the rules were others before."""
    if path.read_text() == RULES:
        return False
    new = path.with_suffix(".new")
    new.write_text(RULES)
    new.chmod(PRIVATE)
    if os.geteuid() == 0:
        owner = path.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
    new.replace(path)
    return True


@contextmanager
def _administrator(sockets: Path, database: str, password: str) -> Iterator[cursor]:
    try:
        connection = psycopg2.connect(host=str(sockets), user=logins.SUPERUSER, password=password, dbname=database)
    except psycopg2.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise TransientError(Code.E_START, "PostgreSQL accepts no connections; see .idh/postgres/log") from None
        raise RunRefusedError(
            Code.E_START, f"PostgreSQL behind {sockets} has another administrator's password than secrets.json"
        ) from None
    connection.autocommit = True
    try:
        with connection.cursor() as opened:
            yield opened
    finally:
        connection.close()


def _admits(sockets: Path, password: str) -> bool:
    try:
        psycopg2.connect(host=str(sockets), user=logins.SUPERUSER, password=password, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True

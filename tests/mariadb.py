"""A MariaDB server of the tests' own, reached by a socket only."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from idh_tasks.local.process import wait_until
from tests.database import run_sql

SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
STARTS_IN_S = 30.0


def why_not() -> str | None:
    """Return why a server cannot be started here, or None if it can."""
    if SERVER is None:
        return "MariaDB is not installed (Debian: mariadb-server-core)"
    return None if find_spec("pymysql") else "the driver PyMySQL is not installed"


@contextmanager
def server() -> Iterator[str]:
    """Start a server with an empty database, and return its SQLAlchemy URL.

    It has no system tables and hence no users; nobody else can reach its socket.
    """
    with tempfile.TemporaryDirectory(prefix="idh-mariadb-") as folder:
        home = Path(folder)
        (home / "data").mkdir()
        command = [
            str(SERVER), "--no-defaults", "--user=root", f"--datadir={home / 'data'}", f"--socket={home / 's'}",
            "--skip-networking", "--skip-grant-tables", "--innodb-buffer-pool-size=16M", "--default-time-zone=+02:00",
        ]  # fmt: skip
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - the command is ours
        try:
            url = f"mysql+pymysql://root@localhost/{{}}?unix_socket={home / 's'}&charset=utf8mb4"
            assert wait_until(lambda: _answers(url.format("")), STARTS_IN_S), (home / "log").read_text()
            run_sql(url.format(""), "CREATE DATABASE lis CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
            yield url.format("lis")
        finally:
            process.terminate()
            process.wait(STARTS_IN_S)


def _answers(url: str) -> bool:
    try:
        create_engine(url, poolclass=NullPool).connect().close()
    except OperationalError:
        return False
    return True

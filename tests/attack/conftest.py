"""The installation that is attacked: as `idh up` starts it, or, with `--celery`, the topology of compose.yaml."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser

from idh_tasks.domain.role import Role
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from tests.access import PARAMETERS
from tests.attack.people import Sessions, fab_sessions, local_sessions
from tests.attack.processes import Topology
from tests.browser import chromium
from tests.history import fill
from tests.topology import FAB, api_server, celery_topology, local_topology


@pytest.fixture(scope="session")
def topology(pytestconfig: pytest.Config) -> Topology:
    """Return which processes there are."""
    return Topology.CELERY if pytestconfig.getoption("celery") else Topology.LOCAL


@pytest.fixture(scope="package")
def attacked(topology: Topology) -> Iterator[Installation]:
    """Start a whole installation, Airflow included."""
    with celery_topology({}) if topology is Topology.CELERY else local_topology() as installation:
        yield installation


@pytest.fixture(scope="package")
def fab() -> Iterator[Installation]:
    """Start an API server with the login of compose."""
    with api_server(FAB) as installation:
        yield installation


@pytest.fixture(scope="package")
def colleagues(fab: Installation) -> Sessions:
    """Return a session of each role with the login of compose."""
    return fab_sessions(fab)


@pytest.fixture(scope="package", params=["idh up", "compose"])
def login(request: pytest.FixtureRequest, topology: Topology) -> str:
    """Return whose login is attacked."""
    if topology is Topology.CELERY and request.param == "idh up":
        pytest.skip("the topology of compose has the login of compose")
    return str(request.param)


@pytest.fixture(scope="package")
def served(login: str, request: pytest.FixtureRequest) -> Installation:
    """Return the installation whose pages are attacked."""
    installation: Installation = request.getfixturevalue("attacked" if login == "idh up" else "fab")
    return installation


@pytest.fixture(scope="package")
def sessions(login: str, served: Installation, request: pytest.FixtureRequest) -> Sessions:
    """Return a session of each role."""
    if login == "idh up":
        return local_sessions(served)
    everyone: Sessions = request.getfixturevalue("colleagues")
    return everyone


@pytest.fixture(scope="package")
def filled(fab: Installation) -> Mapping[str, str]:
    """Fill the pages, and return the parameters of routes that then lead to a study and to a training run."""
    return PARAMETERS | fill(Platform(up.settings(fab, Role.OWNER)), 60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; its event loop must have ended before other tests start one."""
    with chromium() as started:
        yield started

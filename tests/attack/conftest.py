"""The installation that is attacked: as `idh up` starts it, or, with `--celery`, the topology of compose.yaml."""

from collections.abc import Iterator

import pytest

from idh_tasks.local.installation import Installation
from tests.attack.processes import Topology
from tests.topology import celery_topology, local_topology


@pytest.fixture(scope="session")
def topology(pytestconfig: pytest.Config) -> Topology:
    """Return which processes there are."""
    return Topology.CELERY if pytestconfig.getoption("celery") else Topology.LOCAL


@pytest.fixture(scope="session")
def attacked(topology: Topology) -> Iterator[Installation]:
    """Start a whole installation, Airflow included."""
    with celery_topology({}) if topology is Topology.CELERY else local_topology() as installation:
        yield installation

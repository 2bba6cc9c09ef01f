"""Whole native installations: Airflow with LocalExecutor, or the topology of compose.yaml with two workers."""

import hashlib
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from idh_tasks.local import accounts, airflow, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, await_ready
from tests.conftest import temporary_installation

QUEUES = ("default", "gpu")
FAB = airflow.configuration()[airflow.AUTH_MANAGER]
# Processes that rename themselves leave their environment readable: tests look at it.
READABLE = {"SPT_NOENV": "1"}


@contextmanager
def local_topology() -> Iterator[Installation]:
    """Start the installation that `idh up` starts, with LocalExecutor."""
    with temporary_installation() as installation:
        _start_airflow(installation, airflow.environment(installation) | READABLE)
        yield installation


@contextmanager
def api_server(auth_manager: str) -> Iterator[Installation]:
    """Start PostgreSQL, S3, Orthanc and Airflow's API server, which asks an auth manager who may do what."""
    with temporary_installation() as installation:
        up.services_up(installation, print)
        env = airflow.environment(installation) | {airflow.AUTH_MANAGER: auth_manager}
        airflow.prepare(installation, env)
        airflow.launch(installation, "api-server", ("api-server",), env)
        await_ready(Service(installation, "api-server"), lambda: _answers(installation), 180)
        yield installation


def _answers(installation: Installation) -> bool:
    try:
        return httpx.get(f"{airflow.base_url(installation)}/api/v2/version", timeout=5).is_success
    except httpx.TransportError:
        return False


@contextmanager
def celery_topology(options: Mapping[str, str]) -> Iterator[Installation]:
    """Start the topology of compose.yaml.

    Parameters
    ----------
    options
        Further environment variables of all processes.
    """
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with temporary_installation() as installation:
        try:
            _start_celery(installation, options)
            yield installation
        finally:
            for name in (*(f"worker-{queue}" for queue in QUEUES), "redis"):
                Service(installation, name).stop()


def _start_airflow(installation: Installation, env: dict[str, str]) -> None:
    up.services_up(installation, print)
    airflow.prepare(installation, env)
    airflow.start(installation, env)


def _start_celery(installation: Installation, options: Mapping[str, str]) -> None:
    broker = f"redis://:{redis_password(installation)}@127.0.0.1:{installation.ports['redis']}"
    addresses = {
        "AIRFLOW__CELERY__BROKER_URL": f"{broker}/0",
        # Not in Airflow's own database, which no worker can reach.
        "AIRFLOW__CELERY__RESULT_BACKEND": f"{broker}/1",
    }
    _start_redis(installation)
    own = {airflow.AUTH_MANAGER: FAB, **addresses, **options}
    env = airflow.environment(installation, "CeleryExecutor") | READABLE | own
    _start_airflow(installation, env)
    for queue in QUEUES:
        flags = ("--queues", queue, "--concurrency", "1", "--celery-hostname", queue, airflow.NO_LOG_SERVER)
        airflow.launch(installation, f"worker-{queue}", ("celery", "worker", *flags), env | {"IDH_WORKER": queue})


def redis_password(installation: Installation) -> str:
    """Return the password of the broker."""
    return hashlib.sha256(installation.secrets["jwt_secret"].encode()).hexdigest()


def _start_redis(installation: Installation) -> None:
    port = installation.ports["redis"]
    service = Service(installation, "redis")
    lines = (f"port {port}", "bind 127.0.0.1", 'save ""', f"requirepass {redis_password(installation)}")
    config, program = installation.write_private("redis.conf", "\n".join(lines)), shutil.which("redis-server") or ""
    account = accounts.account_of(installation, "redis", program)
    accounts.give(account, installation.folder("redis"), config)
    service.start([program, str(config)], {}, account)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await_ready(service, listens, 20)

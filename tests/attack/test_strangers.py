"""Nobody is admitted to Redis, Orthanc or Airflow without the password (for PostgreSQL, see test_processes.py)."""

import socket

import httpx
import pytest

from idh_tasks.local import airflow, orthanc
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.installation import Installation
from tests.attack.processes import Topology
from tests.topology import redis_password

ANSWER_S = 60
"""The first request to Airflow loads the application."""


def broker_answers(installation: Installation, *commands: str) -> list[bytes]:
    """Return the answers of the broker to commands, sent one after the other."""
    answers = []
    with socket.create_connection(("127.0.0.1", installation.ports["redis"]), 5) as broker:
        for command in commands:
            broker.sendall(f"{command}\r\n".encode())
            answers.append(broker.recv(64))
    return answers


@pytest.mark.parametrize("password", [None, "", "wrong", "default"])
def test_the_broker_admits_nobody_without_the_password(
    attacked: Installation, topology: Topology, password: str | None
) -> None:
    if topology is not Topology.CELERY:
        pytest.skip("there is no broker")
    login = [] if password is None else [f'AUTH "{password}"']
    for command in ("PING", "KEYS *", "CONFIG GET requirepass", "MONITOR"):
        assert broker_answers(attacked, *login, command)[-1].startswith(b"-NOAUTH")
    assert broker_answers(attacked, f"AUTH {redis_password(attacked)}", "PING") == [b"+OK\r\n", b"+PONG\r\n"]


@pytest.mark.parametrize("login", [None, (orthanc.USER, ""), (orthanc.USER, "wrong"), ("orthanc", "orthanc")])
@pytest.mark.parametrize("path", ["/system", "/patients", "/instances", "/dicom-web/studies", "/app/explorer.html"])
def test_the_pacs_answers_nobody_without_the_password(
    attacked: Installation, login: tuple[str, str] | None, path: str
) -> None:
    if not orthanc.installed():
        pytest.skip("Orthanc is not installed")
    assert httpx.get(orthanc.address(attacked) + path, auth=login).status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("password", ["", "wrong", "admin"])
def test_airflow_gives_no_session_without_the_password(attacked: Installation, password: str) -> None:
    login = {"username": airflow.USER, "password": password}
    answer = httpx.post(f"{airflow.base_url(attacked)}/auth/token", json=login, timeout=ANSWER_S)
    assert answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.BAD_REQUEST)


@pytest.mark.parametrize("path", ["dags", "connections", "variables", "pools", "eventLogs", "config"])
def test_airflows_api_answers_nobody_without_a_session(attacked: Installation, path: str) -> None:
    address = f"{airflow.base_url(attacked)}/api/v2/{path}"
    assert httpx.get(address, timeout=ANSWER_S).status_code == httpx.codes.UNAUTHORIZED
    login = {"Authorization": AirflowClient(attacked).authorization}
    assert httpx.get(address, timeout=ANSWER_S, headers=login).status_code != httpx.codes.UNAUTHORIZED

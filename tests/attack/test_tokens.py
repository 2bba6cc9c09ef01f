"""No process but those that issue or check tokens can forge one, for the UI or for the API of the tasks."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.attack.people import ANSWER_S, token
from tests.attack.processes import KEPT, Topology, environments, secrets_in, secrets_of

ISSUERS = {topology: {name for name, kept in table.items() if "jwt_secret" in kept} for topology, table in KEPT.items()}
ALGORITHMS = ("HS512", "HS256", "none")
REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def person(installation: Installation) -> dict[str, Any]:
    """Return what a session of the UI claims."""
    session = token(installation, airflow.USER, installation.secrets["admin_password"])
    return jwt.decode(session, options={"verify_signature": False}) | validity()


def task(_: Installation) -> dict[str, Any]:
    """Return what a running task claims."""
    return {"sub": str(uuid.uuid4()), "aud": "urn:airflow.apache.org:task", **validity()}


def validity() -> dict[str, Any]:
    now = int(time.time())
    return {"iat": now, "nbf": now, "exp": now + 600, "jti": uuid.uuid4().hex}


DOORS = {"/api/v2/dags": person, "/execution/variables/unknown": task}


def status(installation: Installation, path: str, secret: str, algorithm: str = "HS512") -> int:
    """Return how a path answers to a token that is signed with a secret."""
    signed = jwt.encode(DOORS[path](installation), "" if algorithm == "none" else secret, algorithm)
    return get(installation, path, signed).status_code


def get(installation: Installation, path: str, bearer: str) -> httpx.Response:
    address = airflow.base_url(installation) + path
    return httpx.get(address, headers={"Authorization": f"Bearer {bearer}"}, timeout=ANSWER_S)


def forgeries(installation: Installation, topology: Topology) -> Iterator[tuple[str, str, str]]:
    """Yield each process that must not have the key of the tokens, with a guess and each secret in its environment."""
    secrets = secrets_of(installation)
    for process, environment in environments(installation, topology).items():
        if process not in ISSUERS[topology]:
            yield process, "a guess", "guessed"
            yield from ((process, name, secrets[name]) for name in secrets_in(environment, secrets))


@pytest.mark.parametrize("path", DOORS)
def test_no_process_can_forge_a_token(attacked: Installation, topology: Topology, path: str) -> None:
    assert status(attacked, path, attacked.secrets["jwt_secret"]) not in REFUSED, "the claims are valid"
    for process, name, secret in forgeries(attacked, topology):
        for algorithm in ALGORITHMS:
            answer = status(attacked, path, secret, algorithm)
            assert answer in REFUSED, f"{process} forged a token with {name}"


@pytest.mark.parametrize("path", DOORS)
def test_a_token_for_one_door_does_not_open_the_other(attacked: Installation, path: str) -> None:
    [other] = set(DOORS) - {path}
    signed = jwt.encode(DOORS[other](attacked), attacked.secrets["jwt_secret"], "HS512")
    assert get(attacked, path, signed).status_code in REFUSED


def test_a_task_cannot_fetch_the_connections_of_the_pages(attacked: Installation, topology: Topology) -> None:
    """Airflow gives every Connection that its API server has to every task, that on the GPU worker included."""
    environment = environments(attacked, topology)["api-server"]
    names = {name.partition("_CONN_")[2].lower() for name in environment if "_CONN_" in name}
    assert names == {"idh_db_pages", "idh_store"}
    for name in names:
        signed = jwt.encode(task(attacked), attacked.secrets["jwt_secret"], "HS512")
        assert get(attacked, f"/execution/connections/{name}", signed).status_code == httpx.codes.NOT_FOUND

"""What each process of an installation holds: its environment, and the secrets and logins in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import psutil
import psycopg2
from psycopg2.extensions import connection
from sqlalchemy import make_url

from idh_tasks.local import orthanc, postgres, store_keys
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service
from tests.topology import redis_password


class Topology(StrEnum):
    """Which processes run Airflow's tasks."""

    LOCAL = "local"
    CELERY = "celery"


METADATA = {"fernet_key", "database_airflow_password"}
API = METADATA | {"jwt_secret", "api_secret_key", "database_pages_password", "store_pages"}
SCHEDULER = METADATA | {"jwt_secret"}
WORKER = {
    *(f"database_{role}_password" for role in ("ingest", "link", "preprocess", "train", "predict", "laboratory")),
    "pseudonym_key",
    "store_platform",
}
GPU = {"database_train_password", "store_training"}
SERVICES: dict[str, set[str]] = {"s3": set(), "postgres": set(), "orthanc": set()}
EVERYWHERE = {**SERVICES, "api-server": API, "dag-processor": METADATA, "triggerer": METADATA}
KEPT: Mapping[Topology, Mapping[str, set[str]]] = {
    # With LocalExecutor, the scheduler runs the tasks.
    Topology.LOCAL: {**EVERYWHERE, "scheduler": SCHEDULER | WORKER},
    Topology.CELERY: {
        **EVERYWHERE,
        "scheduler": SCHEDULER | {"broker"},
        "worker-default": WORKER | {"broker"},
        "worker-gpu": GPU | {"broker"},
        "redis": set(),
    },
}
"""The secrets that may be in the environment of each process."""


def secrets_of(installation: Installation) -> dict[str, str]:
    """Return every secret of the installation by name."""
    stores = {f"store_{identity}": key.secret_key for identity, key in store_keys.keys(installation).items()}
    # The platform's key of the store is among the stores; an access key is a name.
    named = {name: value for name, value in installation.secrets.items() if not name.startswith("s3_")}
    return {**named, **stores, "broker": redis_password(installation)}


def environments(installation: Installation, topology: Topology) -> dict[str, dict[str, str]]:
    """Return the environment of each process, that of its children included, as the operating system shows it."""
    return {
        name: _environment(_pid(installation, name))
        for name in KEPT[topology]
        if name != orthanc.NAME or orthanc.installed()
    }


def _pid(installation: Installation, name: str) -> int:
    pid = postgres.pid(installation) if name == "postgres" else Service(installation, name).pid()
    assert pid is not None, f"{name} is not running"
    return pid


def users_of(installation: Installation, name: str) -> set[int]:
    """Return the users as which a process and its children run."""
    process = psutil.Process(_pid(installation, name))
    return {user for member in (process, *process.children(recursive=True)) for user in member.uids()}


def _environment(pid: int) -> dict[str, str]:
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return {
        f"{variable} of {number}" if number else variable: value
        for number, member in enumerate(family)
        for variable, value in _readable(member).items()
    }


def _readable(process: psutil.Process) -> dict[str, str]:
    try:
        # Other users of the machine see the command line.
        return process.environ() | {"command line": " ".join(process.cmdline())}
    except psutil.NoSuchProcess:
        return {}


def secrets_in(environment: Mapping[str, str], secrets: Mapping[str, str]) -> set[str]:
    """Return the names of the secrets whose values occur anywhere in an environment."""
    # A URL writes the padding of Base64 differently.
    return {
        name for name, secret in secrets.items() if any(secret.rstrip("=") in text for text in environment.values())
    }


@dataclass(frozen=True)
class DatabaseLogin:
    """A login to PostgreSQL as a process finds it in its environment."""

    user: str
    password: str
    host: str
    database: str

    def connect(self, database: str | None = None, password: str | None = None) -> connection:
        """Log in, by default to the database of this login and with its password."""
        return psycopg2.connect(
            host=self.host,
            user=self.user,
            password=self.password if password is None else password,
            dbname=database or self.database,
        )


def database_logins(environment: Mapping[str, str]) -> set[DatabaseLogin]:
    """Return the database logins of an environment, from URLs and Connections."""
    return {login for text in environment.values() for login in _logins(text)}


def _logins(text: str) -> Iterator[DatabaseLogin]:
    if text.startswith("postgresql"):
        url = make_url(text)
        yield DatabaseLogin(url.username or "", url.password or "", str(url.query["host"]), url.database or "")
    elif text.startswith("{") and '"postgres"' in text:
        found = json.loads(text)
        yield DatabaseLogin(found["login"], found["password"], found["host"], found["schema"])

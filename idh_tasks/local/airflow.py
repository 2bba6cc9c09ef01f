"""Airflow's four components on loopback, configured by docker/airflow.env and the installation."""

import compileall
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from dotenv import dotenv_values

from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import TransientError
from idh_tasks.local import accounts, logins, orthanc, postgres, seaweed, service_secrets
from idh_tasks.local.accounts import Account
from idh_tasks.local.installation import ISSUER, Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import Service, wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.settings import ROOT

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
WORKERS = ("worker-default", "worker-gpu")
USER = "admin"
USERS = {
    "viewer": "viewer",
    "reviewer": "reviewer",
    "pathologist": "pathology reader",
    "operator": "operator",
    "owner": "model owner",
    USER: "admin",
}
"""A user for each role of `idh_airflow.roles`."""
PASSWORDS_FILE = "passwords.json"
CONFIGURATION = ROOT / "docker" / "airflow.env"
AUTH_MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
LOCAL_LOGIN = "idh_airflow.local_login.LocalAuthManager"
SESSION_S = 8 * 3600
DAG_IDS = tuple(sorted(path.stem for path in (ROOT / "dags").glob("*.py")))
"""The id of a DAG is the name of its file."""
NO_LOG_SERVER = "--skip-serve-logs"
"""Airflow's log servers bind every address and are not needed: all components share one log folder."""


def base_url(installation: Installation) -> str:
    """Return the address of the UI."""
    return f"http://127.0.0.1:{installation.ports['airflow']}"


def _connections(installation: Installation) -> dict[str, str]:
    connections: dict[str, dict[str, object]] = {
        **{role.connection: _database(installation, logins.IDH, role) for role in service_secrets.DEFAULT_QUEUE},
        "idh_pathology": _database(installation, logins.LABORATORY, Login.LABORATORY),
        "idh_pseudonym_key": {"conn_type": "generic", "password": installation.secrets["pseudonym_key"]},
        "idh_store": _store(installation, Identity.PLATFORM),
    }
    if orthanc.installed():
        pacs = orthanc.settings(installation)
        extra = pacs.model_dump(include={"called_aet", "calling_aet", "listen_port"})
        connections["idh_pacs"] = {"conn_type": "generic", "host": pacs.host, "port": pacs.port, "extra": extra}
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(content) for name, content in connections.items()}


def _connections_of_the_pages(installation: Installation) -> dict[str, str]:
    return {
        service_secrets.database(Role.PAGES): json.dumps(_database(installation, logins.IDH, Role.PAGES)),
        service_secrets.PAGES_STORE: json.dumps(_store(installation, Identity.PAGES)),
    }


def _database(installation: Installation, database: str, login: Role | Login) -> dict[str, object]:
    return {
        "conn_type": "postgres",
        "login": logins.name_of(login),
        "password": installation.database_password(login),
        "host": str(postgres.sockets(installation)),
        "schema": database,
    }


def configuration() -> dict[str, str]:
    """Return the part of Airflow's configuration that is the same everywhere."""
    return {name: value or "" for name, value in dotenv_values(CONFIGURATION, interpolate=False).items()}


def _store(installation: Installation, identity: Identity) -> dict[str, object]:
    store = seaweed.settings(installation, identity)
    return {
        "conn_type": "aws",
        "login": store.access_key,
        "password": store.secret_key.get_secret_value(),
        "extra": store.model_dump(include={"endpoint", "bucket", "drop_bucket", "pathology_bucket"}),
    }


def environment(installation: Installation, executor: str = "LocalExecutor") -> dict[str, str]:
    """Return the whole environment of Airflow's components."""
    home, keys, ports = installation.folder("airflow"), installation.secrets, installation.ports
    return {
        **configuration(),
        **_connections(installation),
        **_connections_of_the_pages(installation),
        "AIRFLOW_HOME": str(home),
        AUTH_MANAGER: LOCAL_LOGIN,
        service_secrets.ADMIN_PASSWORD: keys["admin_password"],
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__EXECUTOR": executor,
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet_key"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base_url(installation)}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(installation)),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(installation, logins.AIRFLOW, Login.AIRFLOW),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports["airflow"]),
        "AIRFLOW__API__BASE_URL": base_url(installation),
        "AIRFLOW__API__SECRET_KEY": keys["api_secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt_secret"],
        "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME": str(SESSION_S),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports["log_server"]),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports["trigger_log_server"]),
        "IDH_ISSUER": ISSUER,
        "IDH_START": installation.created.isoformat(timespec="seconds"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
    }


def passwords_file(installation: Installation) -> Path:
    """Return the file with the password of each user of the UI; those that it has are kept."""
    path = installation.home / PASSWORDS_FILE
    stored = json.loads(path.read_text()) if path.exists() else {USER: installation.secrets["admin_password"]}
    made = {name: secrets.token_urlsafe(12) for name in USERS if name not in stored}
    if made or not path.exists():
        owner = path.stat() if path.exists() else installation.home.stat()
        installation.write_private(PASSWORDS_FILE, json.dumps(stored | made, indent=1))
        os.chown(path, owner.st_uid, -1)
    return path


def environment_of(installation: Installation, component: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one component, with its own secrets only.

    Parameters
    ----------
    component
        A name in `service_secrets.MATRIX`.
    env
        The whole environment.
    """
    local = component == "scheduler" and env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    own = service_secrets.environment_of((component, *WORKERS) if local else (component,), env)
    if component != "worker-gpu":
        return own
    return own | {service_secrets.STORE: json.dumps(_store(installation, Identity.TRAINING))}


def command(*arguments: str) -> list[str]:
    """Return an Airflow command that runs in this Python environment."""
    return [sys.executable, "-m", "airflow", *arguments]


def prepare(installation: Installation, env: dict[str, str]) -> None:
    """Migrate Airflow's database and create the pools, and under FAB the roles."""
    own, service = environment_of(installation, "prepare", env), Service(installation, "airflow-prepare")
    account = _account(installation, "prepare")
    if account is not None:
        # Other users than root cannot write the byte code of the checkout, and would compile it at every start.
        compileall.compile_dir(ROOT / "idh_tasks", quiet=2)
    steps = [command("db", "migrate"), command("pools", "import", str(ROOT / "docker" / "pools.json"))]
    if env[AUTH_MANAGER] != LOCAL_LOGIN:
        steps.append([sys.executable, "-m", "idh_airflow.create_roles"])
    for step in steps:
        if service.run(step, own | _user(installation, "prepare"), account):
            raise TransientError(Code.E_START, f"{' '.join(step[2:])} failed; see {service.log}")


def launch(installation: Installation, component: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """Start one component with its own secrets, as its own user where this process is root.

    Parameters
    ----------
    component
        A name in `service_secrets.MATRIX`.
    arguments
        Of the command `airflow`.
    env
        The whole environment.
    """
    own, account = environment_of(installation, component, env), _account(installation, component)
    Service(installation, component).start(command(*arguments), own | _user(installation, component), account)


def _account(installation: Installation, component: str) -> Account | None:
    """Return the account of a component, to which what it needs is given."""
    account = accounts.account_of(installation, component, sys.executable)
    if account is not None:
        accounts.let_pass(ROOT / "dags")
        accounts.share(account, installation.folder("airflow"))
        passwords = (installation.home / PASSWORDS_FILE,) if component == "api-server" else ()
        accounts.give(account, _home(installation, component), *passwords)
    return account


def _user(installation: Installation, component: str) -> dict[str, str]:
    """Return the variables that name a user without an account on this machine."""
    if os.geteuid() != 0:
        return {}
    return {"HOME": str(_home(installation, component)), "USER": component, "LOGNAME": component}


def _home(installation: Installation, component: str) -> Path:
    return installation.folder(f"home-{component}")


def start(installation: Installation, env: dict[str, str]) -> None:
    """Start the components, and wait until all of them report a heartbeat since the start."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    for component in COMPONENTS:
        flags = (NO_LOG_SERVER,) if component in ("scheduler", "triggerer") else ()
        launch(installation, component, (component, *flags), env)
    if not wait_until(lambda: healthy(installation, began), 180, pause_s=1):
        raise TransientError(Code.E_START, f"Airflow did not become healthy; see {installation.home / 'logs'}")


def healthy(installation: Installation, since: datetime | None = None) -> bool:
    """Return whether every component reports itself healthy, with a heartbeat after `since`."""
    try:
        answer = httpx.get(f"{base_url(installation)}/api/v2/monitor/health", timeout=5)
        health = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return False
    heartbeats = {
        "scheduler": "latest_scheduler_heartbeat",
        "triggerer": "latest_triggerer_heartbeat",
        "dag_processor": "latest_dag_processor_heartbeat",
    }
    return all(_alive(health.get(part) or {}, beat, since) for part, beat in heartbeats.items())


def _alive(part: dict[str, str], beat: str, since: datetime | None) -> bool:
    if part.get("status") != "healthy":
        return False
    return since is None or datetime.fromisoformat(part[beat].replace("Z", "+00:00")) > since


def stop(installation: Installation) -> None:
    """Stop the components; the scheduler goes first, so that no new task starts."""
    for component in ("scheduler", "triggerer", "dag-processor", "api-server"):
        Service(installation, component).stop()

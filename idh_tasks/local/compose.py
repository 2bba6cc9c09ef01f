"""Generates the secret files that docker/compose.yaml mounts; a hospital edits the Connections among them."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from cryptography.fernet import Fernet
from pydantic import SecretStr

from idh_tasks.domain.role import Role
from idh_tasks.endpoints import StoreSettings
from idh_tasks.local import logins, store_tls
from idh_tasks.local.installation import PRIVATE
from idh_tasks.local.logins import Login
from idh_tasks.local.service_secrets import CONNECTED
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET, Identity, StoreKey, configuration, new_key

CALLED_AET, CALLING_AET = "ORTHANC", "IDHPLATFORM"
MOUNTED = PurePosixPath("/run/secrets")
AIRFLOW_USER = 50000
BY_HAND = {f"idh_database_url_{role}": role for role in (Role.DELIVER, Role.ERASE, Role.BACKUP, Role.MONITOR)}
"""Logins for commands that a person runs; no container mounts them."""
OWNERS = {
    "logins.sql": 999,
    "postgres_password": 999,
    "redis.conf": 999,
    "s3.json": 1000,
    store_tls.AUTHORITY: 1000,
    store_tls.CERTIFICATE: 1000,
    store_tls.KEY: 1000,
    store_tls.CONFIGURATION: 1000,
    "orthanc.json": 0,
    "store_images.json": 0,
    "store_pathology.json": 0,
    **dict.fromkeys(BY_HAND, 0),
}
"""Container user that reads the file, if not Airflow's: a mounted file keeps its owner and mode."""
HANDED_OUT = {"store_images.json": Identity.IMAGES, "store_pathology.json": Identity.PATHOLOGY}
"""Keys for the hospital and the laboratory; no container mounts them."""
CONNECTIONS = {
    "conn_idh_store": Identity.PLATFORM,
    "conn_idh_store_training": Identity.TRAINING,
    "conn_idh_store_pages": Identity.PAGES,
    "conn_idh_store_administrator": Identity.ADMINISTRATOR,
}


def _random() -> str:
    return secrets.token_urlsafe(32)


def _files() -> dict[str, str]:
    """Return the content of every secret, by name."""
    return {**_airflow(), **_databases(), **_store(), **store_tls.files(MOUNTED)}


def _airflow() -> dict[str, str]:
    redis = _random()
    # Orthanc is on a network of the compose file, without TLS.
    pacs = {"called_aet": CALLED_AET, "calling_aet": CALLING_AET, "private_network": True}
    structured = {
        "conn_idh_pacs": {"conn_type": "generic", "host": "orthanc", "port": 4242, "extra": pacs},
        "conn_idh_pseudonym_key": {"conn_type": "generic", "password": _random()},
        "orthanc.json": _orthanc(),
    }
    return {name: json.dumps(content) for name, content in structured.items()} | {
        "admin_password": _random(),
        "api_secret_key": _random(),
        "broker_url": f"redis://:{redis}@redis:6379/0",
        "fernet_key": Fernet.generate_key().decode(),
        "jwt_secret": _random(),
        "redis.conf": f"dir /data\nrequirepass {redis}\n",
        # Not in Airflow's own database: workers have no access to it.
        "result_backend": f"redis://:{redis}@redis:6379/1",
    }


def _databases() -> dict[str, str]:
    passwords = {login: _random() for login in logins.LOGINS}
    administrator = passwords.pop(Login.ADMINISTRATOR)

    def connection(login: Role | Login, database: str, **extra: bool) -> str:
        login_of = {"login": logins.name_of(login), "password": passwords[login]} | ({"extra": extra} if extra else {})
        return json.dumps({"conn_type": "postgres", "host": "postgres", "port": 5432, "schema": database} | login_of)

    def url(login: Role | Login, database: str) -> str:
        return f"postgresql+psycopg2://{logins.name_of(login)}:{passwords[login]}@postgres:5432/{database}"

    return {
        "airflow_database_url": url(Login.AIRFLOW, logins.AIRFLOW),
        **{f"conn_{role.connection}": connection(role, logins.IDH) for role in CONNECTED},
        "conn_idh_pathology": connection(Login.LABORATORY, logins.LABORATORY, private_network=True),
        "idh_database_url": url(Role.OWNER, logins.IDH),
        **{name: url(role, logins.IDH) for name, role in BY_HAND.items()},
        # Verifiers, not passwords: whoever reads them cannot log in.
        "logins.sql": logins.script({logins.name_of(login): password for login, password in passwords.items()}),
        "postgres_password": administrator,
    }


def _store() -> dict[str, str]:
    keys = {identity: new_key() for identity in Identity}
    connections = {name: json.dumps(_store_connection(keys[identity])) for name, identity in CONNECTIONS.items()}
    handed_out = {
        name: json.dumps(_delivery(identity, keys[identity]), indent=1) for name, identity in HANDED_OUT.items()
    }
    return {**connections, **handed_out, "s3.json": configuration(keys, _settings(keys[Identity.PLATFORM]))}


def _settings(key: StoreKey) -> StoreSettings:
    return StoreSettings(
        endpoint="http://s3:8333",
        access_key=key.access_key,
        secret_key=SecretStr(key.secret_key),
        pathology_bucket=PATHOLOGY_BUCKET,
        private_network=True,
    )


def _store_connection(key: StoreKey) -> dict[str, object]:
    extra = _settings(key).model_dump(
        include={"endpoint", "bucket", "drop_bucket", "pathology_bucket", "private_network"}
    )
    return {"conn_type": "aws", "login": key.access_key, "password": key.secret_key, "extra": extra}


def _delivery(identity: Identity, key: StoreKey) -> dict[str, str]:
    store = _settings(key)
    images = identity is Identity.IMAGES
    return {
        "bucket": store.drop_bucket if images else PATHOLOGY_BUCKET,
        "prefix": store.drop_prefix if images else store.pathology_prefix,
        "access_key": key.access_key,
        "secret_key": key.secret_key,
    }


def _orthanc() -> dict[str, object]:
    return {
        "StorageDirectory": "/var/lib/orthanc/db",
        "IndexDirectory": "/var/lib/orthanc/db",
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"idh": _random()},
        "DicomAet": CALLED_AET,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {"idh": {"AET": CALLING_AET, "Host": "worker-default", "Port": 104, "AllowGet": True}},
    }


def write_secrets(out: Path) -> list[str]:
    """Write the files with mode 0600 and return their names; do nothing in a folder that is not empty.

    When run as root, each file is owned by the container user that reads it. Otherwise change the owners yourself: a
    container with an unreadable secret names it and does not start.
    """
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(out.iterdir()):
        return []
    files = _files()
    _write(out, files)
    return sorted(files)


def _write(out: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = out / name
        path.touch(mode=PRIVATE)
        path.write_text(content)
        if os.geteuid() == 0:
            os.chown(path, OWNERS.get(name, AIRFLOW_USER), -1)

"""Generates the secret files that docker/compose.yaml mounts; a hospital edits the Connections among them."""

import json
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from idh_tasks.local.installation import PRIVATE

CALLED_AET, CALLING_AET = "ORTHANC", "IDHPLATFORM"
STORE = {"endpoint": "http://s3:8333", "bucket": "idh-store", "drop_bucket": "idh-drop", "private_network": True}


def _random() -> str:
    return secrets.token_urlsafe(32)


def _files() -> dict[str, str]:
    """Return the content of every secret, by name."""
    database, redis, key, s3 = (_random() for _ in range(4))
    postgres = f"postgresql+psycopg2://idh:{database}@postgres:5432"
    connection = {"conn_type": "postgres", "login": "idh", "password": database, "host": "postgres", "port": 5432}
    pacs = {"called_aet": CALLED_AET, "calling_aet": CALLING_AET}
    identity = {
        "name": "idh",
        "credentials": [{"accessKey": key, "secretKey": s3}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    plain = {
        "airflow_database_url": f"{postgres}/airflow",
        "api_secret_key": _random(),
        "broker_url": f"redis://:{redis}@redis:6379/0",
        "fernet_key": Fernet.generate_key().decode(),
        "idh_database_url": f"{postgres}/idh",
        "jwt_secret": _random(),
        "postgres_password": database,
        "redis_password": redis,
        "result_backend": f"db+{postgres}/airflow",
    }
    structured = {
        "conn_idh_db": connection | {"schema": "idh"},
        "conn_idh_pathology": connection | {"schema": "laboratory"},
        "conn_idh_store": {"conn_type": "aws", "login": key, "password": s3, "extra": STORE},
        "conn_idh_pacs": {"conn_type": "generic", "host": "orthanc", "port": 4242, "extra": pacs},
        "conn_idh_pseudonym_key": {"conn_type": "generic", "password": _random()},
        "orthanc.json": _orthanc(),
        "passwords.json": {"admin": _random()},
        "s3.json": {"identities": [identity]},
    }
    return plain | {name: json.dumps(content) for name, content in structured.items()}


def _orthanc() -> dict[str, object]:
    return {
        "DicomAet": CALLED_AET,
        "DicomCheckCalledAet": True,
        "DicomModalities": {"idh": {"AET": CALLING_AET, "Host": "worker-default", "Port": 104, "AllowGet": True}},
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"idh": _random()},
    }


def write_secrets(out: Path) -> list[str]:
    """Write the files with mode 0600 and return their names; do nothing in a folder that is not empty."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        return []
    files = _files()
    for name, content in files.items():
        path = out / name
        path.touch(mode=PRIVATE)
        path.write_text(content)
    return sorted(files)

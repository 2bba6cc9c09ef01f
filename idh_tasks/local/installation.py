"""One installation below `.idh/`: its secrets, ports and environment, made once."""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from dotenv import load_dotenv, set_key

from idh_tasks.domain.role import Role
from idh_tasks.local.logins import LOGINS, Login
from idh_tasks.local.ports import free_ports, taken
from idh_tasks.settings import ROOT

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
OPTIONS = "options.env"
SECRETS = "secrets.json"
PORTS = "ports.json"
ISSUER = "LOCAL"
"""Issuer of patient identifiers where a header of your own cohort names none."""

WITH_GRPC = ("s3", "weed_master", "weed_volume", "weed_filer")
"""The services of SeaweedFS, each of which needs a second port."""
SERVICES = (
    *WITH_GRPC,
    "orthanc_http",
    "orthanc_dicom",
    "dicom_receiver",
    "airflow",
    "redis",
    "log_server",
    "trigger_log_server",
)
DATABASE_PASSWORDS = tuple(f"database_{login}_password" for login in LOGINS)


@dataclass(frozen=True)
class Installation:
    """Where an installation keeps its data, and how its services reach each other."""

    home: Path = ROOT / ".idh"

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Return the keys and passwords of this installation, generated once; their file has mode 0600."""
        with self._locked():
            stored = {name: str(value) for name, value in self._once(SECRETS, _generate_secrets).items()}
            if missing := set(DATABASE_PASSWORDS) - set(stored):
                # An installation of an older version keeps its secrets and its age; those that it lacks are added.
                made = self.created_at()
                stored |= {name: secrets.token_urlsafe(32) for name in sorted(missing)}
                path = self.write_private(SECRETS, json.dumps(stored, indent=1))
                os.utime(path, (made, made))
        return stored

    @cached_property
    def ports(self) -> dict[str, int]:
        """Return a free loopback port for each service, chosen once."""
        with self._locked():
            chosen = {name: int(value) for name, value in self._once(PORTS, lambda: free_ports(SERVICES)).items()}
            if missing := set(SERVICES) - set(chosen):
                # An installation of an older version keeps its ports; those that it lacks are added.
                chosen |= free_ports(sorted(missing), chosen.values())
                self.write_private(PORTS, json.dumps(chosen, indent=1))
        return chosen

    def change_taken_ports(self) -> dict[str, int]:
        """Choose new ports for those that another program has taken, and return these; no service may be running."""
        before = self.ports
        lost = [name for name, port in before.items() if taken(port, grpc=name in WITH_GRPC)]
        changed = free_ports(lost, before.values())
        if changed:
            with self._locked():
                self.write_private(PORTS, json.dumps(before | changed, indent=1))
            vars(self).pop("ports")
        return changed

    @property
    def created(self) -> datetime:
        """Return when the installation was made; no schedule reaches further back."""
        _ = self.secrets
        return datetime.fromtimestamp(self.created_at(), UTC)

    def created_at(self) -> float:
        """Return when the secrets were generated, in seconds since 1970."""
        return (self.home / SECRETS).stat().st_mtime

    def database_password(self, login: Role | Login) -> str:
        """Return the password of a database login."""
        return self.secrets[f"database_{login}_password"]

    def folder(self, name: str) -> Path:
        """Return a folder of the installation; create it if necessary."""
        path = self.home / name
        if not self.home.exists():
            self.home.mkdir(parents=True, mode=PRIVATE_FOLDER)
        path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        return path

    def choose_options(self, options: Mapping[str, str]) -> None:
        """Save settings of this installation (`IDH_…`), unless some were saved before, and load them."""
        path = self.folder(".") / OPTIONS
        if not path.exists():
            for name, value in options.items():
                set_key(path, name, value)
        self.load_options()

    def load_options(self) -> None:
        """Load the saved settings into the environment; a variable that is already set wins."""
        load_dotenv(self.home / OPTIONS, override=False, interpolate=False)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time generate what the others then read."""
        path = self.folder(".") / ".lock"
        path.touch(mode=PRIVATE)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _once(self, name: str, make: Callable[[], Mapping[str, object]]) -> dict[str, Any]:
        path = self.folder(".") / name
        if not path.exists():
            self.write_private(name, json.dumps(make(), indent=1))
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its owner may read; an earlier one is replaced as a whole."""
        path = self.folder(".") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(new).replace(path)
        return path


def open_installation() -> Installation:
    """Return the installation of this checkout, with its saved settings loaded into the environment."""
    installation = Installation()
    installation.load_options()
    return installation


def _generate_secrets() -> dict[str, str]:
    names = ("s3_access_key", "s3_secret_key", "pseudonym_key", "jwt_secret", "api_secret_key", "admin_password")
    generated = {name: secrets.token_urlsafe(32) for name in (*names, *DATABASE_PASSWORDS)}
    return generated | {
        "admin_password": secrets.token_urlsafe(12),
        "orthanc_password": secrets.token_urlsafe(24),
        "fernet_key": Fernet.generate_key().decode(),
    }

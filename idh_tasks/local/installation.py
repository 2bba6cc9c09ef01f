"""One installation below `.idh/`: its secrets, ports and environment, made once."""

import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from random import SystemRandom
from typing import Any

from cryptography.fernet import Fernet

from idh_tasks.settings import ROOT

PRIVATE = 0o600
ISSUER = "LOCAL"
"""Whose identifiers these are where a header of your own cohort does not say."""
GRPC_OFFSET = 10_000
"""SeaweedFS listens on each port plus this number as well."""

SERVICES = (
    "s3",
    "weed_master",
    "weed_volume",
    "weed_filer",
    "orthanc_http",
    "orthanc_dicom",
    "dicom_receiver",
    "airflow",
    "redis",
    "log_server",
    "trigger_log_server",
)


@dataclass(frozen=True)
class Installation:
    """Where an installation keeps its data and how its parts find each other."""

    home: Path = ROOT / ".idh"

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Return the keys and passwords of this installation, generated once, mode 0600."""
        return {name: str(value) for name, value in self._once("secrets.json", _generate_secrets).items()}

    @cached_property
    def ports(self) -> dict[str, int]:
        """Return a free loopback port for each service, chosen once."""
        chosen = {name: int(value) for name, value in self._once("ports.json", _choose_ports).items()}
        if missing := set(SERVICES) - set(chosen):
            # An installation of an older version: what it has stays, what it lacks is chosen.
            chosen |= {name: port for name, port in _choose_ports().items() if name in missing}
            self.write_private("ports.json", json.dumps(chosen, indent=1))
        return chosen

    @property
    def created(self) -> datetime:
        """Return when the installation was made: no schedule reaches further back."""
        _ = self.secrets
        return datetime.fromtimestamp((self.home / "secrets.json").stat().st_mtime, UTC)

    def folder(self, name: str) -> Path:
        """Return a folder of the installation, made if need be."""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def choose_options(self, options: Mapping[str, str]) -> None:
        """Write settings of this installation (IDH_*), unless they were chosen before."""
        path = self.folder(".") / "options.env"
        if not path.exists():
            path.write_text("".join(f"{name}={value}\n" for name, value in options.items()))
        self.load_options()

    def load_options(self) -> None:
        """Bring the chosen settings into the environment; what is set there already wins."""
        path = self.home / "options.env"
        if path.exists():
            for name, value in read_env(path).items():
                os.environ.setdefault(name, value)

    def _once(self, name: str, make: Callable[[], Mapping[str, object]]) -> dict[str, Any]:
        path = self.folder(".") / name
        if not path.exists():
            self.write_private(name, json.dumps(make(), indent=1))
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its owner may read."""
        path = self.folder(".") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        return path


def open_installation() -> Installation:
    """Return the installation of this checkout with its chosen settings in the environment."""
    installation = Installation()
    installation.load_options()
    return installation


def read_env(path: Path) -> dict[str, str]:
    """Read NAME=value lines; lines that begin with # are comments."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _generate_secrets() -> dict[str, str]:
    names = ("s3_access_key", "s3_secret_key", "pseudonym_key", "jwt_secret", "api_secret_key", "admin_password")
    generated = {name: secrets.token_urlsafe(32) for name in names}
    return generated | {
        "admin_password": secrets.token_urlsafe(12),
        "orthanc_password": secrets.token_urlsafe(24),
        "fernet_key": Fernet.generate_key().decode(),
    }


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _choose_ports() -> dict[str, int]:
    candidates = SystemRandom().sample(range(20_000, 32_000), 400)
    free = (port for port in candidates if _free(port) and _free(port + GRPC_OFFSET))
    return dict(zip(SERVICES, free, strict=False))

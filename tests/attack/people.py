"""Sessions of a person of each role."""

import json
import secrets
from collections.abc import Mapping

import httpx
from idh_airflow.roles import PERMISSIONS, UserRole

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation

Sessions = Mapping[UserRole, str]
"""The token of a session by role."""
ANSWER_S = 60
"""The first request to Airflow loads the application."""


def local_sessions(installation: Installation) -> Sessions:
    """Log in the users that `idh up` creates."""
    passwords = json.loads(airflow.passwords_file(installation).read_text())
    return {UserRole(role): token(installation, name, passwords[name]) for name, role in airflow.USERS.items()}


def fab_sessions(installation: Installation) -> Sessions:
    """Let the administrator create a user of each role, and log them in."""
    admin = token(installation, airflow.USER, installation.secrets["admin_password"])
    return {role: _created(installation, admin, role) for role in PERMISSIONS} | {UserRole.ADMIN: admin}


def _created(installation: Installation, admin: str, role: UserRole) -> str:
    name, password = str(role).replace(" ", "."), secrets.token_urlsafe(12)
    user = {
        "username": name,
        "email": f"{name}@hospital.example",
        "first_name": name,
        "last_name": name,
        "roles": [{"name": role.fab_name}],
        "password": password,
    }
    address = f"{airflow.base_url(installation)}/auth/fab/v1/users"
    headers = {"Authorization": f"Bearer {admin}"}
    httpx.post(address, json=user, headers=headers, timeout=ANSWER_S).raise_for_status()
    return token(installation, name, password)


def token(installation: Installation, name: str, password: str) -> str:
    """Log in, and return the token of the session."""
    login = {"username": name, "password": password}
    answer = httpx.post(f"{airflow.base_url(installation)}/auth/token", json=login, timeout=ANSWER_S)
    return str(answer.raise_for_status().json()["access_token"])

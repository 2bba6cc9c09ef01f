"""The configuration of single sign-on in docs/connect.md."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from idh_airflow.roles import UserRole

from idh_tasks.settings import ROOT


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the documented webserver_config.py defines."""
    monkeypatch.setenv("IDH_OIDC_CLIENT_SECRET", "a secret")
    [source] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "connect.md").read_text(), re.DOTALL)
    defined: dict[str, Any] = {}
    exec(source, defined)  # noqa: S102 - our own page
    return defined


def test_a_group_gives_exactly_one_role_and_there_is_one_for_every_role(configuration: dict[str, Any]) -> None:
    given = [role for roles in configuration["AUTH_ROLES_MAPPING"].values() for role in roles]
    assert sorted(given) == sorted(role.fab_name for role in UserRole)


def test_somebody_without_a_group_may_do_nothing(configuration: dict[str, Any]) -> None:
    assert configuration["AUTH_USER_REGISTRATION_ROLE"] == "Public"
    assert configuration["AUTH_ROLES_SYNC_AT_LOGIN"] is True


def test_the_provider_can_be_registered(configuration: dict[str, Any]) -> None:
    clients = pytest.importorskip("authlib.integrations.flask_client")
    flask = pytest.importorskip("flask")
    [provider] = configuration["OAUTH_PROVIDERS"]
    registered = clients.OAuth(flask.Flask("test")).register(provider["name"], **provider["remote_app"])
    assert registered.client_id == "idh"
    assert registered.client_secret == "a secret"


LOGIN = """
import json, os
from airflow.providers.fab.auth_manager.models import Model
from airflow.providers.fab.www.app import create_app
from sqlalchemy import create_engine

Model.metadata.create_all(create_engine(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]))
app = create_app(enable_plugins=False)
manager = app.appbuilder.sm
remote = manager.oauth_remotes["keycloak"]
remote.load_server_metadata = lambda: {"authorization_endpoint": "https://id.hospital.example/authorize"}
asked, groups = [], ["idh-reviewers"]


class Answer:
    def raise_for_status(self):
        pass

    def json(self):
        return {"preferred_username": "mary", "email": "mary@hospital.example", "groups": list(groups)}


def get(address):
    asked.append(remote.api_base_url + address)
    return Answer()


def roles():
    known = manager.get_oauth_user_info("keycloak", {})
    return sorted(role.name for role in manager.auth_user_oauth(known, rotate_session_id=False).roles)


remote.get = get
with app.test_client() as client:
    sent = client.get("/login/keycloak", base_url="https://idh.hospital.example/auth").headers["Location"]
with app.app_context():
    for name in ("IDH reviewer", "Public"):
        manager.add_role(name)
    first = roles()
    groups.clear()
    print(json.dumps({"sent": sent, "asked": asked[0], "first": first, "later": roles()}))
"""


def test_airflows_login_uses_the_documented_provider_and_its_groups(tmp_path: Path) -> None:
    """What the provider itself answers is made up: none can be run here."""
    [source] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "connect.md").read_text(), re.DOTALL)
    (tmp_path / "webserver_config.py").write_text(source)
    env = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__FAB__CONFIG_FILE": str(tmp_path / "webserver_config.py"),
        "IDH_OIDC_CLIENT_SECRET": "a secret",
    }
    command = [sys.executable, "-c", LOGIN]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)  # noqa: S603 - our own text
    found = json.loads(ran.stdout.splitlines()[-1])
    sent = urlsplit(found["sent"])
    assert (sent.netloc, sent.path) == ("id.hospital.example", "/authorize")
    wanted = {name: values[0] for name, values in parse_qs(sent.query).items()}
    assert wanted["redirect_uri"] == "https://idh.hospital.example/auth/oauth-authorized/keycloak"
    assert (wanted["client_id"], wanted["scope"], wanted["response_type"]) == ("idh", "openid email profile", "code")
    assert found["asked"] == "https://id.hospital.example/realms/hospital/protocol/openid-connect/userinfo"
    assert (found["first"], found["later"]) == (["IDH reviewer", "Public"], ["Public"])

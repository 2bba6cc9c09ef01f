"""The compose file mounts what is generated, and nothing in it has a default."""

import json
import os
import stat
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from idh_tasks.domain.role import Role
from idh_tasks.local.compose import AIRFLOW_USER, BY_HAND, CONNECTIONS, HANDED_OUT, OWNERS, write_secrets
from idh_tasks.local.store_identities import Identity
from idh_tasks.settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


def test_every_secret_is_generated_and_every_generated_file_is_mounted_or_handed_out(tmp_path: Path) -> None:
    by_hand = {*HANDED_OUT, *BY_HAND}
    assert not COMPOSE["secrets"].keys() & by_hand
    assert sorted([*COMPOSE["secrets"], *by_hand]) == write_secrets(tmp_path)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_secrets_that_exist_are_left_alone(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = (tmp_path / "fernet_key").read_text()
    assert write_secrets(tmp_path) == []
    assert (tmp_path / "fernet_key").read_text() == before


def test_each_file_belongs_to_the_user_that_reads_it(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    names = write_secrets(tmp_path)
    readers = {name: OWNERS.get(name, AIRFLOW_USER) for name in names}
    assert {name: (tmp_path / name).stat().st_uid for name in names} == readers
    for service in COMPOSE["services"].values():
        user = int(service.get("user", "0").partition(":")[0])
        mounted = {item if isinstance(item, str) else item["source"] for item in service.get("secrets", ())}
        assert {readers[name] for name in mounted} == {user}


def test_the_store_knows_the_keys_of_the_connections_and_of_those_who_deliver(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    known = {
        identity["name"]: (identity["credentials"][0]["accessKey"], identity["credentials"][0]["secretKey"])
        for identity in json.loads((tmp_path / "s3.json").read_text())["identities"]
    }
    connections = {identity: json.loads((tmp_path / name).read_text()) for name, identity in CONNECTIONS.items()}
    handed = {identity: json.loads((tmp_path / name).read_text()) for name, identity in HANDED_OUT.items()}
    held = {name: (content["login"], content["password"]) for name, content in connections.items()}
    held |= {name: (content["access_key"], content["secret_key"]) for name, content in handed.items()}
    assert held == known
    assert len(set(known.values())) == len(Identity)


def test_each_login_has_a_password_of_its_own_and_the_server_knows_none(tmp_path: Path) -> None:
    names = write_secrets(tmp_path)
    files = {name: (tmp_path / name).read_text() for name in names}
    connections = [json.loads(files[name]) for name in names if name.startswith("conn_idh_db_")]
    connections.append(json.loads(files["conn_idh_pathology"]))
    logins = {content["login"]: content["password"] for content in connections}
    urls = (make_url(text) for name, text in files.items() if "database_url" in name)
    logins |= {url.username: url.password for url in urls}
    assert logins.keys() == {"airflow", "laboratory", *(role.login for role in Role)}
    passwords = {*logins.values(), files["postgres_password"]}
    assert len(passwords) == len(logins) + 1
    assert not [password for password in passwords if password in files["logins.sql"]]
    assert all(f"ALTER ROLE {login} LOGIN PASSWORD 'SCRAM-SHA-256$" in files["logins.sql"] for login in logins)


def test_airflow_and_the_migrations_log_in_to_their_own_database_only(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    airflow, migration = (
        make_url((tmp_path / name).read_text()) for name in ("airflow_database_url", "idh_database_url")
    )
    assert (airflow.username, airflow.database) == ("airflow", "airflow")
    assert (migration.username, migration.database) == ("idh_owner", "idh")


def test_the_broker_asks_for_the_password_that_its_clients_have(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    password = (tmp_path / "redis.conf").read_text().partition("requirepass ")[2].strip()
    assert len(password) >= 32
    for name in ("broker_url", "result_backend"):
        assert f":{password}@redis" in (tmp_path / name).read_text()


def test_h10_no_password_stands_in_the_compose_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("KEY", "SECRET", "PASSWORD", "CONN")):
                assert str(value).startswith("/run/secrets/")


def test_training_has_a_worker_of_its_own_with_the_gpu() -> None:
    worker = COMPOSE["services"]["worker-gpu"]
    assert worker["command"][worker["command"].index("--queues") + 1] == "gpu"
    [device] = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert "gpu" not in COMPOSE["services"]["worker-default"]["command"]

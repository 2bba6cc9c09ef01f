"""docker/compose.yaml keeps every rule, and every rule rejects a broken copy."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml

from idh_tasks.settings import ROOT
from tests.unit.docker import rules
from tests.unit.docker.rules import RULES, Compose

COMPOSE: Compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
Rule = Callable[[Compose], list[str]]
DIGEST = "a" * 64


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_compose_file_keeps_the_rule(rule: Rule) -> None:
    assert rule(COMPOSE) == []


def put(service: str, key: str, value: Any) -> Callable[[Compose], None]:
    """Return a change that sets an entry of a service."""
    return lambda compose: compose["services"][service].__setitem__(key, value)


def drop(service: str, key: str) -> Callable[[Compose], None]:
    """Return a change that removes an entry of a service."""
    return lambda compose: compose["services"][service].pop(key)


def add(service: str, key: str, value: Any) -> Callable[[Compose], None]:
    """Return a change that appends to a list of a service."""
    return lambda compose: compose["services"][service].setdefault(key, []).append(value)


def variable(service: str, name: str, value: str | None) -> Callable[[Compose], None]:
    """Return a change that sets, or removes, a variable of a service."""

    def change(compose: Compose) -> None:
        environment = compose["services"][service]["environment"]
        environment.pop(name) if value is None else environment.__setitem__(name, value)

    return change


def take(service: str, key: str, value: Any) -> Callable[[Compose], None]:
    """Return a change that removes an element from a list of a service."""
    return lambda compose: compose["services"][service][key].remove(value)


def declare(name: str, source: str) -> Callable[[Compose], None]:
    """Return a change that declares a secret."""
    return lambda compose: compose["secrets"].__setitem__(name, {"file": source})


FERNET = "AIRFLOW__CORE__FERNET_KEY__FROM"
BROKEN: list[tuple[Rule, Callable[[Compose], None]]] = [
    (rules.images_are_pinned_by_version_and_digest, put("redis", "image", "redis:8.10.1")),
    (rules.images_are_pinned_by_version_and_digest, put("redis", "image", f"redis:latest@sha256:{DIGEST}")),
    (rules.images_are_pinned_by_version_and_digest, put("redis", "image", f"redis@sha256:{DIGEST}")),
    (rules.images_are_pinned_by_version_and_digest, put("redis", "image", f"redis:8.10.1@sha256:{DIGEST[:-1]}")),
    (rules.no_service_has_a_capability, drop("postgres", "cap_drop")),
    (rules.no_service_has_a_capability, put("postgres", "cap_drop", ["NET_RAW"])),
    (rules.no_service_gains_privileges, drop("s3", "security_opt")),
    (rules.no_service_gains_privileges, put("s3", "security_opt", ["no-new-privileges:false"])),
    (rules.no_service_gains_privileges, put("s3", "security_opt", ["no-new-privileges:true", "seccomp:unconfined"])),
    (rules.no_service_reaches_into_the_host, put("scheduler", "privileged", True)),
    (rules.no_service_reaches_into_the_host, put("scheduler", "cap_add", ["SYS_PTRACE"])),
    (rules.no_service_reaches_into_the_host, put("scheduler", "network_mode", "host")),
    (rules.root_file_systems_are_read_only, put("triggerer", "read_only", False)),
    (rules.root_file_systems_are_read_only, drop("triggerer", "read_only")),
    (rules.every_service_has_a_scratch_folder_in_memory, drop("worker-gpu", "tmpfs")),
    (rules.memory_and_processes_are_limited, drop("worker-default", "mem_limit")),
    (rules.memory_and_processes_are_limited, drop("worker-default", "pids_limit")),
    (rules.no_service_leaves_core_files, put("worker-default", "ulimits", {"core": -1})),
    (rules.no_service_runs_as_root, put("api-server", "user", "0:0")),
    (rules.no_service_runs_as_root, put("api-server", "user", "root")),
    (rules.no_service_runs_as_root, drop("api-server", "user")),
    (rules.each_service_is_on_its_networks_only, add("redis", "networks", "edge")),
    (rules.each_service_is_on_its_networks_only, drop("s3", "networks")),
    (rules.each_service_is_on_its_networks_only, lambda compose: compose["services"].__setitem__("new", {})),
    (rules.the_inner_networks_lead_nowhere, lambda compose: compose["networks"].__setitem__("data", None)),
    (rules.the_inner_networks_lead_nowhere, lambda compose: compose["networks"]["control"].pop("internal")),
    (rules.ports_are_published_on_loopback_only, put("api-server", "ports", ["8080:8080"])),
    (rules.ports_are_published_on_loopback_only, put("s3", "ports", ["127.0.0.1:8888:8888"])),
    (
        rules.each_process_has_the_variables_of_the_matrix,
        variable("worker-gpu", "AIRFLOW_CONN_IDH_PSEUDONYM_KEY__FROM", "/run/secrets/conn_idh_pseudonym_key"),
    ),
    (
        rules.each_process_has_the_variables_of_the_matrix,
        variable("worker-default", "AIRFLOW__API_AUTH__JWT_SECRET__FROM", "/run/secrets/jwt_secret"),
    ),
    (rules.each_process_has_the_variables_of_the_matrix, variable("api-server", FERNET, None)),
    (rules.each_service_mounts_the_secrets_that_it_reads, add("worker-gpu", "secrets", "conn_idh_pseudonym_key")),
    (rules.each_service_mounts_the_secrets_that_it_reads, take("scheduler", "secrets", "jwt_secret")),
    (rules.each_service_mounts_the_secrets_that_it_reads, add("postgres", "secrets", "fernet_key")),
    (rules.every_declared_secret_is_a_file_and_is_used, declare("forgotten", "secrets/forgotten")),
    (rules.every_declared_secret_is_a_file_and_is_used, declare("fernet_key", "/etc/passwd")),
    (rules.every_declared_secret_is_a_file_and_is_used, lambda compose: compose["secrets"].pop("jwt_secret")),
    (rules.no_secret_stands_in_the_file, variable("postgres", "POSTGRES_PASSWORD", "idh")),
    (rules.no_secret_stands_in_the_file, variable("scheduler", "AIRFLOW__CELERY__BROKER_URL", "redis://redis")),
    (rules.files_of_the_host_are_read_only, add("postgres", "volumes", "/var/run/docker.sock:/var/run/docker.sock:ro")),
    (rules.files_of_the_host_are_read_only, add("postgres", "volumes", "./logins.sql:/x.sql")),
    (rules.nothing_is_mounted_over_the_code, add("worker-default", "volumes", "code:/opt/idh")),
    (rules.nothing_is_mounted_over_the_code, add("worker-default", "tmpfs", "/opt/idh/dags")),
    (
        rules.the_broker_is_current_and_reads_its_password_from_a_file,
        put("redis", "image", f"redis:6.2.14@sha256:{DIGEST}"),
    ),
    (
        rules.the_broker_is_current_and_reads_its_password_from_a_file,
        put("redis", "command", ["sh", "-c", "exec redis-server --requirepass $(cat /run/secrets/redis.conf)"]),
    ),
    (rules.the_store_has_one_door, take("s3", "command", "-disableHttp")),
    (rules.the_store_has_one_door, take("s3", "command", "-ip.bind=127.0.0.1")),
    (rules.the_store_has_one_door, put("s3", "secrets", ["s3.json"])),
    (
        rules.the_database_asks_for_passwords_and_creates_the_logins,
        variable("postgres", "POSTGRES_INITDB_ARGS", "--auth-local=trust"),
    ),
    (rules.the_database_asks_for_passwords_and_creates_the_logins, put("postgres", "secrets", ["logins.sql"])),
    (
        rules.each_connection_variable_is_filled_from_the_file_of_its_role,
        variable("worker-gpu", "AIRFLOW_CONN_IDH_DB_TRAIN__FROM", "/run/secrets/conn_idh_db_ingest"),
    ),
    (rules.no_process_serves_its_logs, take("triggerer", "command", "--skip-serve-logs")),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN, ids=[f"{rule.__name__}-{n}" for n, (rule, _) in enumerate(BROKEN)])
def test_a_broken_copy_is_rejected(rule: Rule, change: Callable[[Compose], None]) -> None:
    broken = deepcopy(COMPOSE)
    change(broken)
    assert rule(broken) != []


def test_every_rule_has_a_broken_copy() -> None:
    assert {rule for rule, _ in BROKEN} == set(RULES)
